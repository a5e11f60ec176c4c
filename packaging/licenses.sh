#!/usr/bin/env bash
# Writes THIRD-PARTY-LICENSES, the licences of all code in the binary; with --check says whether it is up to date.
# Needs cargo-about (cargo install --locked --features cli cargo-about) and the crates (cargo fetch).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo fetch --locked --quiet
made=$(mktemp)
trap 'rm -f "$made"' EXIT
cargo about generate --locked --offline --fail about.hbs -o "$made"
if [ "${1:-}" = --check ]; then
    cmp "$made" THIRD-PARTY-LICENSES || { echo "run packaging/licenses.sh and commit what it writes" >&2; exit 1; }
else
    cat "$made" >THIRD-PARTY-LICENSES
fi
