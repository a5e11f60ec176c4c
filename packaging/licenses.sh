#!/usr/bin/env bash
# Writes the licences of all code in the program to a file, as the packages of a release carry them.
#   packaging/licenses.sh FILE
# Needs cargo-about (cargo install --locked --features cli cargo-about) and the network.
set -euo pipefail
file=${1:?the file to write}
[[ $file == /* ]] || file=$PWD/$file
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo fetch --locked --quiet
mkdir -p "$(dirname "$file")"
cargo about generate --locked --fail about.hbs -o "$file"
