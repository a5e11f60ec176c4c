# shellcheck shell=bash
# Facts about the project for the scripts here, read from the one place where they stand: Cargo.toml. To be sourced.
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# fact NAME: a text of [package].
fact() { sed -n "/^\[package\]/,/^\[dependencies\]/s/^$1 = \"\(.*\)\"\$/\1/p" "$project/Cargo.toml" | head -n 1; }

version=$(fact version)
repository=$(fact repository)
# The name in the MCP registry: GitHub's owner, backwards, and the name of the project.
registry_name=io.github.${repository#https://github.com/}
image=ghcr.io/${repository#https://github.com/}

# fill FILE: prints a file of packaging/ with the facts in place of @NAME@.
fill() {
    sed -e "s|@VERSION@|$version|g" -e "s|@REPOSITORY@|$repository|g" -e "s|@REGISTRY_NAME@|$registry_name|g" -e "s|@IMAGE@|$image|g" \
        -e "s|@DESCRIPTION@|$(fact description)|g" -e "s|@LICENSE@|$(fact license)|g" "$1"
}

# target FIELD TARGET: the system or the CPU of a Rust target. A build with glibc stands for the one with musl.
target() {
    local field
    case $1 in system) field=2 ;; cpu) field=3 ;; esac
    awk -v target="${2/%-gnu/-musl}" -v field="$field" '$1 == target { print $field }' "$project/packaging/targets"
}
