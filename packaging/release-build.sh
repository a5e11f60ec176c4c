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
# The list of crates inside of the program, for `cargo audit bin`, and no paths of this machine.
cargo install --quiet --locked cargo-auditable@0.7.7
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$project=/opentrain-mcp --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=${RUSTUP_HOME:-$HOME/.rustup}=/rustup"
cargo install --quiet --locked --features cli cargo-about@0.9.3
export THIRD_PARTY_LICENSES=$project/target/THIRD-PARTY-LICENSES
packaging/licenses.sh "$THIRD_PARTY_LICENSES"
for part in "${parts[@]}"; do cargo auditable build --release --locked --target "$part"; done
program=target/${parts[0]}/release/opentrain-mcp$ending
if ((${#parts[@]} > 1)); then
    program=target/$rust_target/release/opentrain-mcp
    mkdir -p "$(dirname "$program")"
    lipo -create -output "$program" "target/${parts[0]}/release/opentrain-mcp" "target/${parts[1]}/release/opentrain-mcp"
fi
# The remap above covers every folder that a build reads from.
for folder in "$project" "${CARGO_HOME:-$HOME/.cargo}" "${RUSTUP_HOME:-$HOME/.rustup}"; do
    if grep -aqF "$folder/" "$program"; then echo "the program names $folder, a folder of this machine" >&2; exit 1; fi
done
"$program" --version
"$program" demo >/dev/null
packaging/build.sh "$rust_target" "$program" archive deb mcpb npm wheel
rm -rf target/packages/work
