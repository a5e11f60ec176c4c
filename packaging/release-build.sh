#!/usr/bin/env bash
# Builds the program of a release for one Rust target on a machine of that system, and packages it.
#   packaging/release-build.sh RUST-TARGET
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/facts.sh"
cd "$project"
rust_target=${1:?a Rust target of packaging/targets}
ending=
case $rust_target in
    universal-apple-darwin) parts=(x86_64-apple-darwin aarch64-apple-darwin) ;;
    *-windows-*) parts=("$rust_target") ending=.exe ;;
    *) parts=("$rust_target") ;;
esac
rustup toolchain install "${RUST:?}" --profile minimal --no-self-update --target "${parts[@]}"
rustup default "$RUST"
if [[ $rust_target == *-musl ]]; then sudo apt-get update -qq && sudo apt-get install -y -qq musl-tools; fi
# Every folder that a build reads from, as rustc knows it, and what stands for it in the program. maturin builds with the
# same flags, so its wheel has the same program.
native() { if [[ $rust_target == *-windows-* ]]; then cygpath --windows "$1"; else echo "$1"; fi; }
folders=("$(native "$project")" "$(native "${CARGO_HOME:-$HOME/.cargo}")" "$(native "${RUSTUP_HOME:-$HOME/.rustup}")")
names=(opentrain-mcp cargo rustup) remap=
for place in "${!folders[@]}"; do remap+=" --remap-path-prefix=${folders[place]}=/${names[place]}"; done
# Not RUSTFLAGS, which would take the place of the flags in .cargo/config.toml.
for part in "${parts[@]}"; do export "CARGO_TARGET_$(tr a-z- A-Z_ <<<"$part")_RUSTFLAGS=$remap"; done
cargo install --quiet --locked --features cli cargo-about@0.9.3
export THIRD_PARTY_LICENSES=$project/target/THIRD-PARTY-LICENSES
packaging/licenses.sh "$THIRD_PARTY_LICENSES"
for part in "${parts[@]}"; do cargo build --release --locked --target "$part"; done
program=target/${parts[0]}/release/opentrain-mcp$ending
if ((${#parts[@]} > 1)); then
    program=target/$rust_target/release/opentrain-mcp
    mkdir -p "$(dirname "$program")"
    lipo -create -output "$program" "target/${parts[0]}/release/opentrain-mcp" "target/${parts[1]}/release/opentrain-mcp"
fi
for folder in "${folders[@]}"; do
    if grep -aqF "$folder" "$program"; then echo "the program names $folder, a folder of this machine" >&2; exit 1; fi
done
"$program" --version
"$program" demo >/dev/null
packaging/build.sh "$rust_target" "$program" archive deb mcpb npm wheel
rm -rf target/packages/work
