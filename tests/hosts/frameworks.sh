#!/usr/bin/env bash
# Runs an agent of each framework over the server's sandbox, with a model that is a script: it lists all tools, calls one,
# is refused, waits for a person's approval, and goes on. Nothing outside of a temporary folder is touched, and nothing
# but the package registries is called. Needs python3 with venv, node with npm, and the network.
#   tests/hosts/frameworks.sh BINARY [FRAMEWORK…]        FRAMEWORK as below, such as py:langchain
# With TABLE=FILE a row for docs/clients.md is added to it for each; with PACKAGES=FOLDER the frameworks are kept there;
# with BEFORE=2026-11-28 they are as they were on that day.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$(realpath "${1:?the path of opentrain-mcp}")
shift
frameworks=("$@")
((${#frameworks[@]})) || frameworks=(py:langchain py:openai-agents py:pydantic-ai py:anthropic py:google-genai py:google-adk
    py:agno py:autogen py:haystack py:llama-index py:semantic-kernel py:strands
    js:ai-sdk js:langchain js:mastra js:openai-agents js:anthropic js:google-genai)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/opentrain-frameworks.XXXXXX")
# Kept from run to run where this names a folder: installing takes longer than running.
packages=${PACKAGES:-$work/packages}
source "$here/common.sh"
sandbox=
trap 'stop_model; end "$sandbox"; rm -rf "$work"' EXIT
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
        py:agno) echo agno "fastmcp>=4,<5" mcp openai ;;
        py:autogen) echo "autogen-ext[mcp,openai]" autogen-agentchat "mcp<2" ;;
        py:haystack) echo mcp-haystack ;;
        py:llama-index) echo llama-index-tools-mcp llama-index-core llama-index-llms-openai-like ;;
        py:semantic-kernel) echo "semantic-kernel[mcp]" ;;
        py:strands) echo "strands-agents[openai]" ;;
        js:ai-sdk) echo ai @ai-sdk/mcp @ai-sdk/openai-compatible ;;
        js:langchain) echo langchain @langchain/core @langchain/openai @langchain/mcp-adapters ;;
        js:mastra) echo @mastra/core @mastra/mcp ;;
        js:anthropic) echo @anthropic-ai/sdk @modelcontextprotocol/sdk zod ;;
        js:google-genai) echo @google/genai @modelcontextprotocol/sdk ;;
        js:openai-agents) echo @openai/agents openai zod ;;
        *) echo "there is no framework $1" >&2; return 1 ;;
    esac
}

modern_node
failed=0
for framework in "${frameworks[@]}"; do
    folder=$packages/$framework name=${framework#*:}
    read -ra wanted < <(needs "$framework")
    case $framework in
        py:*) from_pypi "$folder" "${wanted[@]}" ;;
        js:*) from_npm "$folder" "${wanted[@]}" ;;
    esac
    start_model
    case $framework in
        py:*) run=("$folder/venv/bin/python" "$here/frameworks/agent.py") ;;
        js:*)
            # A module finds packages in the folder that it is in.
            cp "$here/frameworks/agent.mjs" "$folder/"
            run=(node agent.mjs) ;;
    esac
    # Some start a server for each call, so the sandbox has a process of its own.
    env -i HOME="$work/home" "$binary" sandbox --listen "127.0.0.1:$port" >"$work/sandbox" 2>&1 &
    sandbox=$!
    for _ in $(seq 300); do [ ! -s "$work/sandbox" ] || break; sleep 0.1; done
    ended=0
    version=$(cd "$folder" && env -i HOME="$work/home" PATH="$PATH" NO_PROXY=127.0.0.1 DO_NOT_TRACK=1 OTEL_SDK_DISABLED=true \
        MASTRA_TELEMETRY_DISABLED=1 timeout 300 "${run[@]}" "$name" "$origin" "$binary" --sandbox \
        --sandbox-port "$port" 2>"$work/err") || ended=$?
    stop_model
    end "$sandbox"
    verdict=$(verdict "$ended")
    language=Python
    [[ $framework != js:* ]] || language=JavaScript
    if [[ $verdict == "yes | yes | yes | yes | yes | yes" ]]; then
        echo "ok      $framework ($version)"
    else
        failed=1
        echo "FAILED  $framework: lists all, call, refusal, pending, next call, end: $verdict"
        tail -n 12 "$work/err"
        verdict "$ended" --why
    fi
    [ -z "${TABLE:-}" ] || echo "| ${version:-$name} ($language) | $verdict |" >>"$TABLE"
done
exit $failed
