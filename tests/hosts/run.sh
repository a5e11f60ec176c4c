#!/usr/bin/env bash
# Installs real hosts from npm, adds the server to each with `opentrain-mcp install`, and asks the host whether it is
# connected. Nothing outside a temporary folder is touched. Needs npm, node 22 or newer, and the network.
#   tests/hosts/run.sh PATH-OF-BINARY [HOST…]
# With TABLE=FILE a row for docs/clients.md is added to it for each; with PACKAGES=FOLDER the hosts are kept there; with
# BEFORE=2026-11-28 they are as they were on that day.
set -euo pipefail
binary=$(realpath "${1:?the path of opentrain-mcp}")
shift
hosts=("$@")
((${#hosts[@]})) || hosts=(claude-code codex gemini-cli qwen-code opencode copilot-cli)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/opentrain-hosts.XXXXXX")
packages=${PACKAGES:-$work/npm}
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/home/project" "$packages"
node=$(dirname "$(command -v node)")

# inside COMMAND…: runs it as a user who has nothing but this home.
inside() {
    (cd "$work/home/project" && env -i HOME="$work/home" PATH="$work/bin:$node:/usr/local/bin:/usr/bin:/bin" TERM=dumb \
        LANG=C.UTF-8 DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 timeout 300 "$@" </dev/null 2>&1)
}

# host NAME: sets its package, the command that lists its servers, what that command says of one that works, and what that
# proves: some hosts list servers without starting them.
host() {
    proves=connected
    case $1 in
        claude-code) package=@anthropic-ai/claude-code list="claude mcp list" says='opentrain-sandbox: .*Connected' ;;
        codex) package=@openai/codex list="codex mcp list" says='opentrain-sandbox .*enabled' proves="listed, not started" ;;
        gemini-cli) package=@google/gemini-cli list="gemini mcp list" says='opentrain-sandbox: .*Connected' ;;
        qwen-code) package=@qwen-code/qwen-code list="qwen mcp list" says='opentrain-sandbox: .*Connected' ;;
        opencode) package=opencode-ai list="opencode mcp list" says='opentrain-sandbox.*connected' ;;
        copilot-cli) package=@github/copilot list="copilot mcp list" says='opentrain-sandbox \(local\)' proves="listed, not started" ;;
        *) echo "$1 cannot be had from npm" >&2; return 1 ;;
    esac
}

failed=0
for name in "${hosts[@]}"; do
    host "$name"
    mkdir -p "$packages/$name" "$work/bin"
    [ -d "$packages/$name/node_modules" ] \
        || npm install --prefix "$packages/$name" --no-audit --no-fund --loglevel=error ${BEFORE:+--before="$BEFORE"} "$package" >"$work/log" 2>&1 \
        || { cat "$work/log"; exit 1; }
    ln -sf "$packages/$name/node_modules/.bin/"* "$work/bin/"
    # These two start servers only in a folder that the user trusts.
    for folder in gemini qwen; do
        mkdir -p "$work/home/.$folder"
        echo "{\"$work/home/project\": \"TRUST_FOLDER\"}" >"$work/home/.$folder/trustedFolders.json"
    done
    inside "$binary" install "$name" --sandbox >"$work/log" || { cat "$work/log"; exit 1; }
    # shellcheck disable=SC2086 # The command has no other blanks.
    inside $list >"$work/log" || true
    version=$(npm ls --prefix "$packages/$name" --depth 0 2>/dev/null | grep -o "$package@[^ ]*" | sed 's/.*@//')
    verdict=$proves
    if grep -qE "$says" "$work/log"; then
        echo "ok      $name ($package $version)"
    else
        failed=1 verdict=NO
        echo "FAILED  $name"
        cat "$work/log"
    fi
    [ -z "${TABLE:-}" ] || echo "| [$name](hosts/$name.md) $version | \`$list\` | $verdict |" >>"$TABLE"
    inside "$binary" uninstall "$name" >"$work/log"
    grep -q 'removed opentrain-sandbox' "$work/log" || { failed=1; echo "FAILED  $name: uninstall"; cat "$work/log"; }
done
exit $failed
