#!/usr/bin/env bash
# Prints the bytes of the program by the crate whose code they are, largest first, and the tables beside the code. Generic
# code of one crate that is made for another's types counts for the first. Needs nm, size and perl, and a build with symbols:
#   CARGO_PROFILE_RELEASE_STRIP=none cargo build --release && benches/bytes.sh target/release/opentrain-mcp
set -euo pipefail
program=${1:?the path of a program with symbols}
nm --print-size --demangle "$program" | perl -ne '
    next unless /^\w+ (\w+) ([tTwWrRdDbB]) (.*)/;
    my ($bytes, $kind, $name) = (hex $1, $2, $3);
    my $crate = $kind !~ /[tTwW]/ ? "(constants)" : $name =~ /([a-z_][a-z0-9_]*)::/ ? $1 : "(C and assembly)";
    $sum{$crate} += $bytes;
    END { $sum{$_} >= 50_000 and printf "%8.0f kB  %s\n", $sum{$_} / 1000, $_ for sort { $sum{$b} <=> $sum{$a} } keys %sum }'
size --format=sysv "$program" | perl -ne '
    printf "%8.0f kB  %s\n", $2 / 1000, $1 if /^(\.(?:eh_frame\w*|gcc_except_table|rela\.dyn|data\.rel\.ro|rodata))\s+(\d+)/'
