#!/bin/sh
# Starts the server from an unpacked bundle. It picks the program for this machine and makes it executable again, since
# hosts unpack files without their run bit.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
case $(uname -s) in Darwin) system=darwin ;; *) system=linux ;; esac
case $(uname -m) in arm64 | aarch64) cpu=arm64 ;; *) cpu=x64 ;; esac
for name in "$system-$cpu" "$system-any"; do
    program=$here/opentrain-mcp-$name
    [ -f "$program" ] || continue
    [ -x "$program" ] || chmod u+x "$program" || exit 1
    exec "$program" "$@"
done
echo "opentrain-mcp: this bundle has no program for $(uname -s) on $(uname -m)" >&2
exit 1
