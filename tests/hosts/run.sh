#!/usr/bin/env bash
# Installs real hosts from npm, adds the server to each with `opentrain-mcp install`, asks the host whether it is
# connected, and has it go through a conversation with a model that is a script: it calls a tool, is refused, asks for a
# person's approval, and goes on. Nothing outside a temporary folder is touched, and nothing but the registry of npm is
# called. Needs npm, node, python3, with --http curl, and the network.
#   tests/hosts/run.sh PATH-OF-BINARY [--http] [HOST…]
# With --http the server is at an address, and each host gets the entry of docs/http.md. With TABLE=FILE a row for
# docs/clients.md is added to it for each; with PACKAGES=FOLDER the hosts are kept there; with BEFORE=2026-11-28 they are
# as they were on that day.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$(realpath "${1:?the path of opentrain-mcp}")
shift
over=stdio
if [ "${1:-}" = --http ]; then
    over=http
    shift
fi
hosts=("$@")
((${#hosts[@]})) || hosts=(claude-code codex gemini-cli qwen-code opencode copilot-cli)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/opentrain-hosts.XXXXXX")
packages=${PACKAGES:-$work/npm}
source "$here/common.sh"
served=
trap 'stop_model; end "$served"; rm -rf "$work"' EXIT
mkdir -p "$work/home/project" "$work/bin" "$packages"
export PATH="$work/bin:$PATH"

# inside COMMAND…: runs it as a user who has nothing but this home.
inside() {
    (cd "$work/home/project" && env -i HOME="$work/home" PATH="$PATH" TERM=dumb LANG=C.UTF-8 NO_PROXY=127.0.0.1 \
        DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 OPENTRAIN_MCP_KEY="${key:-}" \
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 timeout 300 "$@" </dev/null 2>&1)
}

# write FILE: what stands in it before `install`, from stdin; below the home.
write() { mkdir -p "$(dirname "$work/home/$1")" && cat >"$work/home/$1"; }

# at_an_address FILE: serves the sandbox over HTTP, and adds it to the settings of the host.
at_an_address() {
    [ -n "${key:-}" ] || key=$(inside "$binary" agents add host | grep -o 'otm_[A-Za-z0-9]*_[A-Za-z0-9]*')
    address=127.0.0.1:$(free_port)
    HOME=$work/home "$binary" --sandbox --sandbox-port "$port" serve --http "$address" 2>"$work/served" &
    served=$!
    for _ in $(seq 300); do ! curl -sf "http://$address/readyz" >"$work/log" || break; sleep 0.1; done
    # The tools that write the operator's files are not served.
    curl -sf "http://$address/mcp" -H "Authorization: Bearer $key" -H "Content-Type: application/json" \
        -H "Accept: application/json, text/event-stream" -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' |
        python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["result"]))' >"$work/tools.json"
    python3 "$here/address.py" "$here/../../docs/http.md" "$name" opentrain-sandbox "http://$address/mcp" "$work/home/$1"
}

# host NAME: sets its settings, its package, the command that lists its servers, what that command says of one that works
# (some hosts list servers without starting them), and the command that has it talk to the model; writes settings for it.
host() {
    proves=connected
    case $1 in
        claude-code)
            settings=.claude.json
            package=@anthropic-ai/claude-code list="claude mcp list" says='opentrain-sandbox: .*Connected'
            talk=(env ANTHROPIC_BASE_URL="$origin" ANTHROPIC_API_KEY=x claude -p go --model sonnet
                --allowedTools mcp__opentrain-sandbox) ;;
        codex)
            settings=.codex/config.toml
            package=@openai/codex list="codex mcp list" says='opentrain-sandbox .*enabled' proves="listed, not started"
            write .codex/config.toml <<SETTINGS
model = "stub"
model_provider = "stub"
approval_policy = "never"
sandbox_mode = "danger-full-access"

[model_providers.stub] # the model of the tests
name = "stub"
base_url = "$origin/v1"
wire_api = "responses"
env_key = "STUB_KEY"
SETTINGS
            talk=(env STUB_KEY=x codex exec --skip-git-repo-check go) ;;
        gemini-cli)
            settings=.gemini/settings.json
            package=@google/gemini-cli list="gemini mcp list" says='opentrain-sandbox: .*Connected'
            write .gemini/settings.json <<<'{ "security": { "auth": { "selectedType": "gemini-api-key" } } }'
            talk=(env GEMINI_API_KEY=x GOOGLE_GEMINI_BASE_URL="$origin" gemini -m gemini-2.5-flash --yolo -p go) ;;
        qwen-code)
            settings=.qwen/settings.json
            package=@qwen-code/qwen-code list="qwen mcp list" says='opentrain-sandbox: .*Connected'
            write .qwen/settings.json <<<'{ "security": { "auth": { "selectedType": "openai" } } }'
            talk=(env OPENAI_API_KEY=x OPENAI_BASE_URL="$origin/v1" OPENAI_MODEL=stub qwen --yolo -p go) ;;
        opencode)
            settings=.config/opencode/opencode.json
            package=opencode-ai list="opencode mcp list" says='opentrain-sandbox.*connected'
            write .config/opencode/opencode.json <<SETTINGS
{
  "autoupdate": false,
  "share": "disabled",
  "model": "stub/stub",
  "small_model": "stub/stub",
  "permission": "allow",
  "provider": {
    "stub": {
      "npm": "@ai-sdk/openai-compatible",
      "options": { "baseURL": "$origin/v1", "apiKey": "x" },
      "models": { "stub": { "tool_call": true, "limit": { "context": 200000, "output": 8000 } } },
    },
  },
}
SETTINGS
            talk=(opencode run go) ;;
        copilot-cli)
            settings=.copilot/mcp-config.json
            package=@github/copilot list="copilot mcp list" says='opentrain-sandbox \((local|http)\)' proves="listed, not started"
            talk=(env COPILOT_PROVIDER_BASE_URL="$origin/v1" COPILOT_PROVIDER_API_KEY=x COPILOT_MODEL=stub
                copilot -p go --allow-all-tools --no-color) ;;
        *) echo "$1 cannot be had from npm" >&2; return 1 ;;
    esac
}

modern_node
failed=0
for name in "${hosts[@]}"; do
    start_model
    host "$name"
    from_npm "$packages/$name" "$package"
    ln -sf "$packages/$name/node_modules/.bin/"* "$work/bin/"
    # These two start servers only in a folder that the user trusts.
    for folder in gemini qwen; do
        write ".$folder/trustedFolders.json" <<<"{\"$work/home/project\": \"TRUST_FOLDER\"}"
    done
    if [ $over = http ]; then
        at_an_address "$settings"
    else
        inside "$binary" install "$name" --sandbox --sandbox-port "$port" >"$work/log" || { cat "$work/log"; exit 1; }
    fi
    # shellcheck disable=SC2086 # The command has no other blanks.
    inside $list >"$work/log" || true
    version=$(npm ls --prefix "$packages/$name" --depth 0 2>/dev/null | grep -o "$package@[^ ]*" | sed 's/.*@//')
    listed=NO ended=0
    if grep -qE "$says" "$work/log"; then listed=$proves; else cat "$work/log"; fi
    inside "${talk[@]}" >"$work/talk" || ended=$?
    stop_model
    verdict=$(verdict "$ended")
    # A host may show the model its tools only when it asks for them.
    if [[ $listed != NO && $verdict =~ ^(yes|on demand)(" | yes"){5}$ ]]; then
        echo "ok      $name ($package $version): $listed; tools shown: ${BASH_REMATCH[1]}"
    else
        failed=1
        echo "FAILED  $name ($package $version): $listed; lists all, call, refusal, pending, next call, end: $verdict"
        tail -n 20 "$work/talk"
        verdict "$ended" --why
    fi
    [ -z "${TABLE:-}" ] || echo "| [$name](hosts/$name.md) $version | \`$list\`: $listed | $verdict |" >>"$TABLE"
    if [ $over = http ]; then
        end "$served"
        continue
    fi
    inside "$binary" uninstall "$name" >"$work/log"
    grep -q 'removed opentrain-sandbox' "$work/log" || { failed=1; echo "FAILED  $name: uninstall"; cat "$work/log"; }
done
exit $failed
