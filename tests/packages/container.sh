#!/usr/bin/env bash
# Runs the program with what the container image has and nothing else: a read-only root folder with the program and the
# certificates, a folder for data, and a user without rights. Then builds and runs the image itself, where `buildah` or
# `docker` can. Needs root.
#   tests/packages/container.sh BINARY
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../packaging/facts.sh"
binary=$(realpath "${1:?the path of the program}")
work=$(mktemp -d "${TMPDIR:-/var/tmp}/opentrain-container.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED $*" >&2; exit 1; }

if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: a root folder of its own needs root"
    exit 0
fi

"$project/packaging/image.sh" "$binary" /etc/ssl/certs/ca-certificates.crt "$work/image"
# The program of a release is static. Another one brings the libraries that it was linked with.
kind=static
# Of a static program that may lie anywhere in memory ldd says so, with status 0.
if ldd "$binary" >"$work/libraries" 2>/dev/null && libraries=$(grep -c '/' "$work/libraries"); then
    kind="linked with $libraries libraries of this machine"
    grep -o '/[^ ]*' "$work/libraries" | while read -r library; do
        install -D -m 755 "$library" "$work/image/files$library"
    done
fi
# What the Dockerfile copies, sets and starts: read from it, so that it cannot say something else.
grep -q '^COPY --from=program /files/ /$' "$project/Dockerfile" || fail "the Dockerfile copies something else"
user=$(sed -n 's/^USER //p' "$project/Dockerfile")
entry=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' "$project/Dockerfile")
read -ra variables < <(sed -n 's/^ENV //p' "$project/Dockerfile")
grep -q "io.modelcontextprotocol.server.name=\"$registry_name\"" "$project/Dockerfile" || fail "another name in the label"

cp -r "$work/image/files" "$work/root"
mkdir "$work/root/data"
chown "$user" "$work/image/data"
cat >"$work/contained" <<SCRIPT
#!/bin/sh
exec unshare --mount sh -c 'mount --bind "\$0/root" "\$0/root" && mount -o remount,bind,ro "\$0/root" \\
    && mount --bind "\$0/image/data" "\$0/root/data" && exec env -i ${variables[*]} \\
    "$(command -v chroot)" --userspec=$user "\$0/root" $entry "\$@"' "$work" "\$@"
SCRIPT
chmod +x "$work/contained"
node "$here/speak.mjs" "root folder, $kind" "$work/contained" --sandbox --sandbox-port 0
"$work/contained" --sandbox --sandbox-port 0 call create_milestone \
    '{"contractId": "ctr_8Kq2", "description": "Labels", "amountUsd": 15}' >"$work/log" || true
grep -q 'must claim this agent account' "$work/log" || fail "a write: $(cat "$work/log")"
# The record of it is where the volume is.
[ -s "$work/image/data/state/opentrain-mcp/sandbox.jsonl" ] || fail "no record: $(find "$work/image/data")"

# over_http WHAT COMMAND…: serves MCP over HTTP, to an agent with a key of its own.
over_http() {
    local what=$1 key port server answered=
    shift
    key=$("$@" agents add client-"$RANDOM" 2>"$work/log") || fail "$what: $(cat "$work/log")"
    port=$(node -e 'const server = require("net").createServer().listen(0, "127.0.0.1", () => {
        console.log(server.address().port); server.close(); })')
    "$@" serve --sandbox --sandbox-port 0 --http "127.0.0.1:$port" >"$work/log" 2>&1 &
    server=$!
    for _ in $(seq 100); do
        answered=$(curl -sS --noproxy '*' "http://127.0.0.1:$port/mcp" -H "Authorization: Bearer $key" \
            -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
            -H 'MCP-Protocol-Version: 2025-11-25' \
            -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_contracts","arguments":{}}}' 2>&1) && break
        sleep 0.1
    done
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    grep -q ctr_8Kq2 <<<"$answered" || fail "$what over HTTP: $answered $(cat "$work/log")"
    echo "ok $what over HTTP"
}
over_http "root folder" "$work/contained"
files=$(cd "$work/root" && find . -type f | sort | tr '\n' ' ')
echo "ok the root folder has: $files"

# The image itself, with the finished program in the place of the stage that would build it.
tag=opentrain-mcp:test
if command -v buildah >/dev/null && buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" images >/dev/null 2>&1; then
    engine=(buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run")
    "${engine[@]}" bud --quiet --isolation chroot --build-context "program=$work/image" --tag "$tag" "$project" >"$work/log" 2>&1 \
        || { cat "$work/log"; fail "buildah"; }
    "${engine[@]}" inspect --type image "$tag" >"$work/facts.json"
    "${engine[@]}" push --quiet "$tag" "oci-archive:$work/image.tar" >/dev/null
elif command -v docker >/dev/null && docker info >/dev/null 2>&1; then
    docker build --quiet --build-context "program=$work/image" --tag "$tag" "$project" >/dev/null
    docker save "$tag" | gzip >"$work/image.tar"
    docker volume create --label opentrain-test opentrain-test >/dev/null
    trap 'docker volume rm --force opentrain-test >/dev/null; rm -rf "$work"' EXIT
    run=(docker run --rm --interactive --read-only --network host --volume opentrain-test:/data "$tag")
    node "$here/speak.mjs" "docker run" "${run[@]}" --sandbox
    over_http "docker run" "${run[@]}"
else
    echo "skipped: neither buildah nor docker works here, so no image was built"
    exit 0
fi
stat -c 'size of the image, compressed: %s bytes' "$work/image.tar"
if [ -s "$work/facts.json" ]; then
    node -e 'const { config } = JSON.parse(fs.readFileSync(process.argv[1])).OCIv1;
        const wanted = process.argv[2];
        if (config.Labels["io.modelcontextprotocol.server.name"] !== wanted) throw new Error(JSON.stringify(config));
        if (config.User !== "65532:65532" || config.Entrypoint.join() !== "/opentrain-mcp") throw new Error(JSON.stringify(config));' \
        "$work/facts.json" "$registry_name" || fail "the image's configuration"
    container=$("${engine[@]}" from "$tag")
    run=("${engine[@]}" run --isolation chroot "$container" -- "$entry")
    node "$here/speak.mjs" "image in buildah" "${run[@]}" --sandbox --sandbox-port 0
    over_http "image in buildah" "${run[@]}"
fi
