#!/usr/bin/env bash
# Builds the packages of one system from one release binary, into target/packages.
#   packaging/build.sh RUST-TARGET BINARY [KIND…]      kinds: archive deb mcpb npm wheel registry; all without one
# Needs node with npm, and python3 with venv; for a deb cargo. The packagers are installed in target/packagers.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/facts.sh"
rust_target=${1:?the Rust target of the binary} binary=$(realpath "${2:?the path of the binary}")
shift 2
kinds=("$@")
((${#kinds[@]})) || kinds=(archive deb mcpb npm wheel registry)
system=$(target system "$rust_target") cpu=$(target cpu "$rust_target")
[ -n "$system" ] || { echo "packaging/targets does not have $rust_target" >&2; exit 1; }
ending=; [ "$system" != win32 ] || ending=.exe
# A system whose programs cannot run here has its texts made by a program that can.
runs=${OPENTRAIN_MCP_TO_RUN:-$binary}
out=${OUT:-$project/target/packages} tools=$project/target/packagers
mkdir -p "$out" "$tools"

# The versions of the packagers, which the release must not change by itself.
mcpb_version=2.1.2 maturin_version=1.16.0 cargo_deb_version=3.8.0 deflate_version=0.9.0

heading() { printf '%s\n' "--- $1"; }

# What Python's packagers are in: on Windows in a folder of another name.
programs=$tools/python/bin
[ "$system" != win32 ] || programs=$tools/python/Scripts
python_packagers() {
    [ ! -e "$tools/python/complete" ] || return 0
    "$(command -v python3 || command -v python)" -m venv "$tools/python"
    "$programs/pip" install --quiet --disable-pip-version-check "maturin==$maturin_version" "deflate==$deflate_version"
    touch "$tools/python/complete"
}

# smaller FILE…: takes three to five percent off what the packagers made.
smaller() {
    python_packagers
    "$programs/python" "$project/packaging/recompress.py" "$@"
}

# Everything of a package but the program: texts, completions, licences. Made anew each time.
texts() {
    local folder=$1
    rm -rf "$folder"
    mkdir -p "$folder/man" "$folder/completions"
    cp "$project"/packaging/man/*.1 "$folder/man/"
    "$runs" completions bash >"$folder/completions/opentrain-mcp.bash"
    "$runs" completions zsh >"$folder/completions/_opentrain-mcp"
    "$runs" completions fish >"$folder/completions/opentrain-mcp.fish"
    licences "$folder"
}

licences() {
    cp "$project/LICENSE-MIT" "$project/LICENSE-APACHE" "$1/"
    # The licences of the libraries, where the release has collected them.
    [ -z "${THIRD_PARTY_LICENSES:-}" ] || cp "$THIRD_PARTY_LICENSES" "$1/"
}

# The program and its texts in one file: for Homebrew, cargo binstall, and people.
archive() {
    local folder=$out/work/opentrain-mcp-$rust_target
    texts "$folder"
    cp "$project/README.md" "$project/CHANGELOG.md" "$folder/"
    install -m 755 "$binary" "$folder/opentrain-mcp$ending"
    if [ "$system" = win32 ]; then
        rm -f "$out/opentrain-mcp-$rust_target.zip"
        # A runner of Windows has 7z and no zip.
        (cd "$folder" && 7z a -tzip "$out/opentrain-mcp-$rust_target.zip" . >/dev/null)
        smaller "$out/opentrain-mcp-$rust_target.zip"
    else
        tar -czf "$out/opentrain-mcp-$rust_target.tar.gz" -C "$folder" .
        smaller "$out/opentrain-mcp-$rust_target.tar.gz"
    fi
}

# Debian and its relatives. cargo-deb takes the program from target/release and the texts from where Cargo.toml says.
deb() {
    [ "$system" = linux ] || return 0
    [ -x "$tools/bin/cargo-deb" ] || cargo install --quiet --locked --debug --no-default-features --root "$tools" \
        --target-dir "$tools/build" "cargo-deb@$cargo_deb_version"
    texts "$project/target/deb-texts"
    local program=$project/target/$rust_target/release/opentrain-mcp
    mkdir -p "$(dirname "$program")"
    [ "$(realpath "$program")" = "$binary" ] || install -m 755 "$binary" "$program"
    (cd "$project" && "$tools/bin/cargo-deb" --quiet --no-build --no-strip --target "$rust_target" --output "$out/")
}

# The bundle for desktop hosts. A bundle of one system has the programs of all its CPUs: a second call adds one.
mcpb() {
    local folder=$out/work/mcpb-$system
    mkdir -p "$folder/server"
    install -m 755 "$binary" "$folder/server/opentrain-mcp-$system-$cpu$ending"
    [ "$system" = win32 ] || install -m 755 "$project/packaging/mcpb/start.sh" "$folder/server/start.sh"
    cp "$project/packaging/icon.png" "$folder/icon.png"
    licences "$folder"
    fill "$project/packaging/mcpb/manifest.json" \
        | node "$project/packaging/mcpb/manifest.mjs" "$runs" "$system" >"$out/work/manifest.json"
    mv "$out/work/manifest.json" "$folder/manifest.json"
    [ -x "$tools/node_modules/.bin/mcpb" ] || npm install --prefix "$tools" --no-audit --no-fund --loglevel=error \
        "@anthropic-ai/mcpb@$mcpb_version"
    # It recommends an icon of 512×512 to every bundle, of whatever size its icon is.
    { "$tools/node_modules/.bin/mcpb" validate "$folder/manifest.json" \
        && "$tools/node_modules/.bin/mcpb" pack "$folder" "$out/opentrain-mcp-$system.mcpb"; } >"$out/work/mcpb.log" 2>&1 \
        || { cat "$out/work/mcpb.log" >&2; return 1; }
    smaller "$out/opentrain-mcp-$system.mcpb"
}

# Two packages: the program of this system, and the one that people name, which starts it.
npm_packages() {
    local folder=$out/work/npm name
    rm -rf "$folder"
    mkdir -p "$folder/main" "$folder/platform/bin"
    fill "$project/packaging/npm/package.json" >"$folder/package.json"
    fill "$project/packaging/npm/README.md" | tee "$folder/main/README.md" >"$folder/platform/README.md"
    licences "$folder/main"
    licences "$folder/platform"
    cp "$project/packaging/npm/start.js" "$folder/main/"
    install -m 755 "$binary" "$folder/platform/bin/opentrain-mcp$ending"
    node "$project/packaging/npm/packages.mjs" "$folder" "$project/packaging/targets" "$rust_target"
    for name in main platform; do
        smaller "$out/$(npm pack --silent --pack-destination "$out" "$folder/$name")"
    done
}

# The wheel has the program of cargo's own build for this target: with the same flags that is the same program.
wheel() {
    local folder=$out/work/python
    rm -rf "$folder"
    mkdir -p "$folder"
    fill "$project/packaging/python/pyproject.toml" | sed "s|@MANIFEST@|$project/Cargo.toml|" >"$folder/pyproject.toml"
    fill "$project/packaging/npm/README.md" >"$folder/README.md"
    licences "$folder"
    local how=(--release)
    python_packagers
    case $binary in
        "$(realpath "$project/target")/release/"*) ;;
        # To try these scripts.
        "$(realpath "$project/target")/debug/"*) how=(--profile dev) ;;
        *) how+=(--target "${rust_target/universal-/universal2-}") ;;
    esac
    # A static program runs beside every libc of Linux; maturin would name the usual one only.
    [[ $rust_target != *-musl ]] || how+=(--compatibility manylinux_2_17 musllinux_1_1)
    (cd "$folder" && "$programs/maturin" build --quiet --locked --target-dir "$project/target" --out "$folder/made" "${how[@]}")
    smaller "$folder"/made/*.whl
    mv "$folder"/made/*.whl "$out/"
}

# What registries of servers read. Last, since it has the hashes of the files.
registry() {
    (cd "$out" && rm -f SHA256SUMS && find . -maxdepth 1 -type f ! -name '*.json' ! -name '*.yaml' ! -name '*.rb' \
        -printf '%f\n' | LC_ALL=C sort | xargs sha256sum >"$out/work/sums" && mv work/sums SHA256SUMS)
    fill "$project/packaging/registry/server.json" \
        | node "$project/packaging/registry/fill.mjs" "$out/SHA256SUMS" >"$out/server.json"
    fill "$project/packaging/registry/server.yaml" \
        | sed "s|@COMMIT@|$(git -C "$project" rev-parse HEAD)|" >"$out/server.yaml"
    local formula=$out/work/formula.rb file
    fill "$project/packaging/homebrew/opentrain-mcp.rb" >"$formula"
    for file in $(grep -o '@SHA256:[^@]*' "$formula" | cut -d: -f2); do
        # A formula is whole or not there.
        grep -q "  $file\$" "$out/SHA256SUMS" || { echo "no formula: $file was not built here"; return 0; }
        sed -i "s|@SHA256:$file@|$(sed -n "s|  $file\$||p" "$out/SHA256SUMS")|" "$formula"
    done
    mv "$formula" "$out/opentrain-mcp.rb"
}

mkdir -p "$out/work"
for kind in "${kinds[@]}"; do
    heading "$kind for $rust_target"
    case $kind in
        archive | deb | mcpb | wheel | registry) "$kind" ;;
        npm) npm_packages ;;
        *) echo "there is no kind $kind" >&2; exit 1 ;;
    esac
done
