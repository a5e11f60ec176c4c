#!/usr/bin/env bash
# Builds the packages of this machine from a release binary, installs each into a folder of its own, starts it there as
# a host would, and prints sizes and times. Needs node with npm, python3, cargo, and the network for the packagers.
#   tests/packages/run.sh [BINARY]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../packaging/facts.sh"
binary=$(realpath "${1:-$project/target/release/opentrain-mcp}")
# A binary that cargo built for another target of this machine, such as x86_64-unknown-linux-musl, lies in its folder.
rust_target=$(sed -n 's|.*/target/\([^/]*-[^/]*-[^/]*\)/.*|\1|p' <<<"$binary")
[ -n "$rust_target" ] || rust_target=$(rustc -vV | sed -n 's/^host: //p')
export OUT=$project/target/packages
tools=$project/target/packagers
work=$(mktemp -d "${TMPDIR:-/var/tmp}/opentrain-packages.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED $*" >&2; exit 1; }

# isolated COMMAND…: nothing of this machine's user, and nothing to connect to.
isolated() {
    env -i HOME="$work/home" PATH="$(dirname "$(command -v node)"):/usr/bin:/bin" TMPDIR="$work" LANG=C.UTF-8 \
        npm_config_offline=true npm_config_update_notifier=false UV_OFFLINE=1 OPENTRAIN_SANDBOX_PORT=0 "$@"
}
# speak NAME COMMAND…: what is started answers as the server does.
speak() { isolated node "$here/speak.mjs" "$@"; }

# is_version WHAT FOUND
is_version() { [ "$2" = "$version" ] || fail "$1 is of version «$2», Cargo.toml says $version"; }

# What a bundle, a wheel and a package of npm should have, and what none may have, in MB.
aim=5 most=8
# size FILE [aimed]: prints it in MB (10^6 bytes).
size() {
    local bytes
    bytes=$(stat -c %s "$1")
    awk -v name="$(basename "$1")" -v bytes="$bytes" -v aim="${2:+$aim}" -v most="$most" 'BEGIN {
        missed = aim && bytes > aim * 1e6 ? sprintf("  MISSES the aim of %d MB", aim) : ""
        printf "size %-58s %5.2f MB%s\n", name, bytes / 1e6, missed
        exit aim && bytes > most * 1e6 }' || fail "$1 has more than $most MB"
}

mkdir -p "$work/home"
rm -rf "$OUT"
is_version "the binary" "$("$binary" --version | cut -d' ' -f2)"
"$project/packaging/build.sh" "$rust_target" "$binary"

echo "--- archive"
mkdir "$work/archive"
tar -xzf "$OUT/opentrain-mcp-$rust_target.tar.gz" -C "$work/archive"
for file in man/opentrain-mcp.1 completions/_opentrain-mcp LICENSE-MIT README.md; do
    [ -s "$work/archive/$file" ] || fail "the archive has no $file"
done
speak archive "$work/archive/opentrain-mcp" --sandbox

echo "--- deb"
deb=$(ls "$OUT"/*.deb)
is_version "the deb" "$(dpkg-deb --field "$deb" Version | sed 's/-[0-9]*$//')"
mkdir -p "$work/debian/var/lib/dpkg/info" "$work/debian/var/lib/dpkg/updates"
touch "$work/debian/var/lib/dpkg/status"
# The libraries that it depends on are this machine's.
dpkg --root="$work/debian" --log=/dev/null --force-depends --force-not-root --install "$deb" >"$work/log" 2>&1 \
    || { cat "$work/log"; fail "dpkg"; }
for file in share/man/man1/opentrain-mcp.1.gz share/bash-completion/completions/opentrain-mcp \
    share/zsh/vendor-completions/_opentrain-mcp share/fish/vendor_completions.d/opentrain-mcp.fish; do
    [ -s "$work/debian/usr/$file" ] || fail "the deb has no $file"
done
bash -c 'source "$1"; complete -p opentrain-mcp' _ "$work/debian/usr/share/bash-completion/completions/opentrain-mcp" \
    | grep -q . || fail "the completions of bash"
speak deb "$work/debian/usr/bin/opentrain-mcp" --sandbox
dpkg --root="$work/debian" --log=/dev/null --force-not-root --remove opentrain-mcp >"$work/log" 2>&1
[ ! -e "$work/debian/usr/bin/opentrain-mcp" ] || fail "the deb leaves its program behind"

echo "--- mcpb"
mkdir "$work/bundle"
unzip -q "$OUT/opentrain-mcp-linux.mcpb" -d "$work/bundle"
is_version "the bundle" "$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).version' "$work/bundle/manifest.json")"
# start_bundle SETTINGS: with every run bit taken away, as some hosts leave it.
start_bundle() {
    local words
    find "$work/bundle" -type f -exec chmod a-x {} +
    mapfile -d '' words < <(node "$here/bundle.mjs" "$tools" "$work/bundle" "$1")
    isolated env "${words[@]::5}" ${2:+REFUSES=1} node "$here/speak.mjs" "mcpb $1" "${words[@]:5}"
}
start_bundle '{}'
start_bundle '{"max_milestone_usd": "100", "token": "ot_pat_x_y"}' refuses
# The manifest names what the program lists.
isolated "$binary" --sandbox tools --json >"$work/tools.json"
node -e 'const [manifest, listed] = process.argv.slice(1).map((file) => JSON.parse(fs.readFileSync(file)));
    const names = (tools) => tools.map((tool) => tool.name).join();
    if (names(manifest.tools) !== names(listed.tools ?? listed)) throw new Error("other tools in the manifest");' \
    "$work/bundle/manifest.json" "$work/tools.json" || fail "the tools of the manifest"

echo "--- npm"
mapfile -t packages < <(ls "$OUT"/opentrain-mcp*-"$version".tgz)
((${#packages[@]} == 2)) || fail "npm: ${packages[*]}"
for package in "${packages[@]}"; do
    is_version "$package" "$(tar -xzOf "$package" package/package.json | node -p 'JSON.parse(fs.readFileSync(0)).version')"
done
npx_of() { printf '%s\n' npx --yes --offline; printf -- '--package\n%s\n' "${packages[@]}"; echo opentrain-mcp; }
mapfile -t npx < <(npx_of)
speak "npx, nothing cached" "${npx[@]}" --sandbox
speak "npx, again" "${npx[@]}" --sandbox
isolated npm install --global --prefix "$work/npm" --no-audit --no-fund --loglevel=error "${packages[@]}" >"$work/log" 2>&1 \
    || { cat "$work/log"; fail "npm install"; }
speak "npm install --global" "$work/npm/bin/opentrain-mcp" --sandbox
# A host ends the process that it started; nothing may stay behind.
mkfifo "$work/input"
exec 3<>"$work/input"
env -i HOME="$work/home" PATH="$(dirname "$(command -v node)"):/usr/bin:/bin" OPENTRAIN_SANDBOX_PORT=0 \
    "$work/npm/bin/opentrain-mcp" --sandbox <&3 >/dev/null 3>&- &
starter=$!
until program=$(pgrep -P "$starter"); do sleep 0.1; done
kill "$starter"
wait "$starter" || true
for _ in $(seq 50); do [ -e "/proc/$program" ] || break; sleep 0.1; done
[ ! -e "/proc/$program" ] || fail "npm: the program outlives its starter"

echo "--- wheel"
wheel=$(ls "$OUT"/*.whl)
[[ $rust_target != *-musl || $wheel == *manylinux*musllinux* ]] || fail "$wheel is not for every libc"
is_version "the wheel" "$(unzip -p "$wheel" '*/METADATA' | sed -n 's/^Version: //p')"
[ -x "$tools/python/bin/uv" ] || "$tools/python/bin/pip" install --quiet --disable-pip-version-check uv
python3 -m venv "$work/venv"
isolated "$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"
speak "pip install" "$work/venv/bin/opentrain-mcp" --sandbox
speak "uvx, nothing cached" "$tools/python/bin/uvx" --python "$work/venv/bin/python" --from "$wheel" opentrain-mcp --sandbox

echo "--- registry"
is_version "server.json" "$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).version' "$OUT/server.json")"
node -e 'for (const entry of JSON.parse(fs.readFileSync(process.argv[1])).packages)
    if (!(entry.version ?? entry.identifier).includes(process.argv[2])) throw new Error(JSON.stringify(entry));' \
    "$OUT/server.json" "$version" || fail "a version in server.json"
"$tools/python/bin/pip" install --quiet --disable-pip-version-check jsonschema pyyaml
"$tools/python/bin/python" - "$OUT" "$project/tests/fixtures/server.schema.json" <<'PYTHON'
import hashlib, json, pathlib, sys
import jsonschema, yaml

out = pathlib.Path(sys.argv[1])
server = json.loads((out / "server.json").read_text())
jsonschema.validate(server, json.loads(pathlib.Path(sys.argv[2]).read_text()))
bundles = [entry for entry in server["packages"] if entry["registryType"] == "mcpb"]
assert bundles, "the bundle is not in server.json"
for entry in bundles:
    file = out / entry["identifier"].rsplit("/", 1)[1]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == entry["fileSha256"], file
assert "@" not in (out / "server.json").read_text().replace("@latest", ""), "something was not filled in"
entry = yaml.safe_load((out / "server.yaml").read_text())
assert len(entry["source"]["commit"]) == 40, entry
PYTHON
(cd "$OUT" && sha256sum --check --quiet SHA256SUMS)
# The formula, with a file of each name in place of what a release has.
mkdir -p "$work/formula/work"
for file in universal-apple-darwin x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
    echo "$file" >"$work/formula/opentrain-mcp-$file.tar.gz"
done
OUT=$work/formula "$project/packaging/build.sh" "$rust_target" "$binary" registry >/dev/null
! grep -n '@[A-Z]' "$work/formula/opentrain-mcp.rb" || fail "the formula is not filled in"
is_version "the formula" "$(sed -n 's/^  version "\(.*\)"$/\1/p' "$work/formula/opentrain-mcp.rb")"
if command -v ruby >/dev/null; then ruby -c "$work/formula/opentrain-mcp.rb" >/dev/null; fi

echo "--- container"
"$here/container.sh" "$binary"

echo "--- sizes"
size "$binary"
size "$OUT/opentrain-mcp-$rust_target.tar.gz"
size "$deb"
size "$OUT/opentrain-mcp-linux.mcpb" aimed
for package in "${packages[@]}"; do size "$package" aimed; done
size "$wheel" aimed
