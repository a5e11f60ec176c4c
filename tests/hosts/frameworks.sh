#!/usr/bin/env bash
# Runs an agent of each framework over the server's sandbox, with a model that is a script: it lists all tools, calls one,
# is refused, waits for a person's approval, and goes on. Nothing outside of a temporary folder is touched, and nothing
# but the package registries is called. Needs python3, npm, node 22 or newer; uv is used where it is there.
#   tests/hosts/frameworks.sh BINARY [FRAMEWORK…]        FRAMEWORK as below, such as py:langchain
# With TABLE=FILE a row for docs/clients.md is added to it for each; with PACKAGES=FOLDER the frameworks are kept there;
# with BEFORE=2026-11-28 they are as they were on that day (which pip cannot do, so uv is needed then).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$(realpath "${1:?the path of opentrain-mcp}")
shift
frameworks=("$@")
((${#frameworks[@]})) || frameworks=(py:langchain py:openai-agents py:pydantic-ai py:anthropic py:google-genai py:google-adk
    js:ai-sdk js:langchain js:mastra)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/opentrain-frameworks.XXXXXX")
# Kept from run to run where this names a folder: installing takes longer than running.
packages=${PACKAGES:-$work/packages}
model=
trap '[ -z "$model" ] || kill "$model" 2>/dev/null; rm -rf "$work"' EXIT
mkdir -p "$work/home" "$packages"

# What is installed, by package name, newest versions.
needs() {
    case $1 in
        py:langchain) echo langchain langchain-openai langchain-mcp-adapters ;;
        py:openai-agents) echo openai-agents ;;
        py:pydantic-ai) echo "pydantic-ai-slim[mcp,openai]" ;;
        py:anthropic) echo "anthropic[mcp]" ;;
        py:google-genai) echo google-genai mcp ;;
        py:google-adk) echo "google-adk[mcp]" ;;
        js:ai-sdk) echo ai @ai-sdk/mcp @ai-sdk/openai-compatible ;;
        js:langchain) echo langchain @langchain/core @langchain/openai @langchain/mcp-adapters ;;
        js:mastra) echo @mastra/core @mastra/mcp ;;
        *) echo "there is no framework $1" >&2; return 1 ;;
    esac
}

install() {
    local folder=$packages/$1 wanted
    [ ! -e "$folder/installed" ] || return 0
    mkdir -p "$folder"
    read -ra wanted < <(needs "$1")
    case $1 in
        py:*)
            if command -v uv >/dev/null; then
                uv venv --quiet "$folder/venv" && uv pip install --quiet \
                    ${BEFORE:+--exclude-newer="$BEFORE"} --python "$folder/venv/bin/python" "${wanted[@]}"
            else
                python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet "${wanted[@]}"
            fi ;;
        js:*)
            echo '{"private": true, "type": "module"}' >"$folder/package.json"
            npm install --prefix "$folder" --no-audit --no-fund --loglevel=error ${BEFORE:+--before="$BEFORE"} \
                "${wanted[@]}" ;;
    esac >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
    touch "$folder/installed"
}

# What all tools are, as the server lists them by default.
tools=$(env -i HOME="$work/home" "$binary" --sandbox tools --json | grep -o '"inputSchema"' | wc -l)
failed=0
for framework in "${frameworks[@]}"; do
    install "$framework"
    folder=$packages/$framework name=${framework#*:}
    log=$work/model.jsonl
    rm -f "$work/origin"
    : >"$log"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    python3 "$here/model.py" "http://127.0.0.1:$port" "$log" >"$work/origin" 2>"$work/model.log" &
    model=$!
    for _ in $(seq 300); do [ ! -s "$work/origin" ] || break; sleep 0.1; done
    case $framework in
        py:*) run=("$folder/venv/bin/python" "$here/frameworks/agent.py") ;;
        js:*) run=(node "$here/frameworks/agent.mjs") ;;
    esac
    ended=0
    version=$(cd "$folder" && env -i HOME="$work/home" PATH="$PATH" NO_PROXY=127.0.0.1 DO_NOT_TRACK=1 OTEL_SDK_DISABLED=true \
        MASTRA_TELEMETRY_DISABLED=1 timeout 300 "${run[@]}" "$name" "$(cat "$work/origin")" "$binary" --sandbox \
        --sandbox-port "$port" 2>"$work/err") || ended=$?
    kill "$model"
    wait "$model" 2>/dev/null || true
    model=
    verdict=$(python3 - "$log" "$tools" "$ended" <<'PYTHON'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
listed = max([line.get("tools", 0) for line in lines], default=0)
said = {line["what"]: line.get("ok") for line in lines}
all_tools = listed == int(sys.argv[2])
cells = ["yes" if all_tools else f"{listed} of {sys.argv[2]}"]
for what in ["call", "refusal", "pending", "after"]:
    cells.append("yes" if said.get(what) else "NO")
cells.append("yes" if said.get("end") and sys.argv[3] == "0" else "NO")
print(" | ".join(cells))
PYTHON
    )
    language=Python
    [[ $framework != js:* ]] || language=JavaScript
    if [[ $verdict == "yes | yes | yes | yes | yes | yes" ]]; then
        echo "ok      $framework ($version)"
    else
        failed=1
        echo "FAILED  $framework: lists all, call, refusal, pending, next call, end: $verdict"
        tail -n 5 "$work/err"
        python3 -c 'import json, sys
for line in map(json.loads, open(sys.argv[1])):
    if line.get("ok") is False: print("   read:", line["what"], line.get("read", "")[:600])' "$log"
    fi
    [ -z "${TABLE:-}" ] || echo "| ${version:-$name} ($language) | $verdict |" >>"$TABLE"
done
exit $failed
