#!/usr/bin/env bash
# Real clients against the server over HTTP, in both eras, and the official conformance suites: whole, with their fixtures
# on the same HTTP stack, then the scenarios that need no fixtures against the product.
# Usage: tests/clients/run.sh BINARY FIXTURES (target/debug/examples/conformance). It installs pinned clients from npm and
# PyPI into a folder of its own (CLIENTS_CACHE keeps it). Needs node with npm, python3 with venv, curl.
set -euo pipefail
binary=$(realpath "${1:?the binary}")
fixtures=$(realpath "${2:?the server with the fixtures}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
cache=${CLIENTS_CACHE:-$work/installed}
server=
# end ID: ends a server that this script has started.
end() { [ -z "$1" ] || { kill "$1" 2>/dev/null || true; wait "$1" 2>/dev/null || true; }; }
trap 'end "$server"; rm -rf "$work"' EXIT

if [ ! -e "$cache/complete" ]; then
    mkdir -p "$cache"
    cp "$here/package.json" "$cache/"
    (cd "$cache" && npm install --silent --no-audit --no-fund)
    for name in mcp fastmcp; do
        python3 -m venv "$cache/$name"
        "$cache/$name/bin/pip" install --quiet -r "$here/requirements-$name.txt"
    done
    touch "$cache/complete"
fi
cp "$here"/*.mjs "$here"/*.py "$cache/"
export PATH="$cache/node_modules/node/bin:$PATH"
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy

# serve [MORE...]: starts a server on a sandbox of its own; sets MCP_URL, MCP_KEY and MCP_FIGURES.
serve() {
    end "$server"
    local home=$work/home-$RANDOM$RANDOM log=$work/log-$RANDOM$RANDOM
    mkdir -p "$home"
    MCP_KEY=$(HOME=$home "$binary" agents add client 2>/dev/null)
    HOME=$home RUST_LOG=info,rmcp=error "$binary" serve --sandbox --sandbox-port 0 --http 127.0.0.1:0 \
        --metrics 127.0.0.1:0 "$@" 2>"$log" &
    server=$!
    for _ in $(seq 200); do
        grep -q "/metrics address=" "$log" && break
        sleep 0.1
    done
    MCP_URL=http://$(sed -n 's|.*at /mcp address=\([0-9.:]*\).*|\1|p' "$log" | head -n 1)/mcp
    MCP_FIGURES=http://$(sed -n 's|.*/metrics address=\([0-9.:]*\).*|\1|p' "$log" | head -n 1)/metrics
    export MCP_URL MCP_KEY MCP_FIGURES MCP_ERA
}

# client ERA NAME COMMAND...: one client against a new server.
client() {
    MCP_ERA=$1
    echo "$2, $1"
    serve
    shift 2
    (cd "$cache" && timeout 180 "$@")
    for _ in $(seq 100); do
        curl -fsS "$MCP_FIGURES" | grep -qx "opentrain_mcp_waits 0" && return
        sleep 0.1
    done
    echo "a call still waits although its client has gone" >&2
    return 1
}

for era in legacy modern; do
    client $era "Python mcp" mcp/bin/python mcp_client.py
    client $era "fastmcp" fastmcp/bin/python fastmcp_client.py
    client $era "TypeScript v2" node v2.mjs
done
client legacy "TypeScript v1" node v1.mjs

inspector() { (cd "$cache" && node_modules/.bin/mcp-inspector --cli "$MCP_URL" --transport http \
    --header "Authorization: Bearer $MCP_KEY" --format json "$@"); }
for era in legacy modern; do
    MCP_ERA=$era
    echo "Inspector --strict, $era"
    serve
    inspector --protocol-era $era --method tools/list --strict >"$work/listed"
    grep -q '"list_contracts"' "$work/listed"
    inspector --protocol-era $era --method tools/call --tool-name list_contracts >"$work/called"
    grep -q ctr_8Kq2 "$work/called"
    # A refused call has status 5.
    inspector --protocol-era $era --method tools/call --tool-name create_milestone --tool-args-json \
        '{"contractId":"ctr_8Kq2","description":"d","amountUsd":5}' >"$work/refused" && exit 1 || [ $? -eq 5 ]
    grep -q '/claim' "$work/refused"
done

# A scenario that fails and is not in the list fails the run, and so does one in the list that passes.
conformance() { (cd "$cache" && timeout 300 node node_modules/@modelcontextprotocol/conformance/dist/index.js server "$@" \
    -o "$work/conformance") >"$work/scenario" 2>&1 || { cat "$work/scenario"; return 1; }; }
"$fixtures" >"$work/fixtures" &
mounted=$!
trap 'end "$server"; end "$mounted"; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s "$work/fixtures" ] && break; sleep 0.1; done
for revision in 2025-11-25 2026-07-28; do
    echo "conformance, $revision: the whole suite with its fixtures"
    conformance --url "$(cat "$work/fixtures")" --requirements $revision --expected-failures "$here/expected-$revision.yml"
    tail -n 12 "$work/scenario"
done

# The suite's client sends no key, so a small proxy puts it in. Nothing else is changed.
MCP_ERA=modern
serve
node "$here/with_key.mjs" >"$work/proxy" &
proxy=$!
trap 'end "$server"; end "$mounted"; end "$proxy"; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s "$work/proxy" ] && break; sleep 0.1; done
while read -r revision scenario; do
    case $revision in "#"*|"") continue;; esac
    echo "conformance, $revision: $scenario"
    conformance --url "$(cat "$work/proxy")" --scenario "$scenario" --spec-version "$revision"
done <"$here/scenarios.txt"
echo "Every client and every scenario passed."
