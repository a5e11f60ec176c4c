#!/usr/bin/env bash
# Completes a release once the packages of all systems lie in target/packages: one Linux bundle for both CPUs, the list of
# what is inside (SBOM), hashes, the formula and the registry's entry.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/facts.sh"
cd "$project"
out=target/packages
mkdir -p target/programs
for rust_target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
    mkdir -p "target/programs/$rust_target"
    tar -xzf "$out/opentrain-mcp-$rust_target.tar.gz" -C "target/programs/$rust_target"
done
# This machine can run the program of one CPU only.
OPENTRAIN_MCP_TO_RUN=$PWD/target/programs/x86_64-unknown-linux-musl/opentrain-mcp
export OPENTRAIN_MCP_TO_RUN
cargo install --quiet --locked --features cli cargo-about@0.9.3
export THIRD_PARTY_LICENSES=$project/target/THIRD-PARTY-LICENSES
packaging/licenses.sh "$THIRD_PARTY_LICENSES"
for rust_target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
    packaging/build.sh "$rust_target" "target/programs/$rust_target/opentrain-mcp" mcpb
done
cargo install --quiet --locked cargo-cyclonedx@0.5.9
cargo cyclonedx --format json --describe binaries --override-filename opentrain-mcp.cdx
find . -maxdepth 1 -name '*.cdx.json' -exec mv {} "$out/" \;
packaging/build.sh x86_64-unknown-linux-musl "$OPENTRAIN_MCP_TO_RUN" registry
for file in opentrain-mcp.rb server.json server.yaml SHA256SUMS; do
    [ -s "$out/$file" ] || { echo "$file is missing" >&2; exit 1; }
done
rm -rf "$out/work"
