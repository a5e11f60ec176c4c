#!/usr/bin/env bash
# Sits at the screens of real hosts whose model is a script: reads the server's questions and links there, and presses keys
# as a person would. Nothing outside a temporary folder is touched, and nothing but the package registries is called.
# Needs npm, node, python3 with venv, and the network.
#   tests/hosts/person.sh PATH-OF-BINARY [HOST…]
# With PACKAGES=FOLDER the hosts are kept there; with BEFORE=2026-11-28 they are as they were on that day.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$(realpath "${1:?the path of opentrain-mcp}")
shift
hosts=("$@")
((${#hosts[@]})) || hosts=(claude-code codex copilot-cli)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/opentrain-person.XXXXXX")
packages=${PACKAGES:-$work/packages}
source "$here/common.sh"
trap 'rm -rf "$work"' EXIT
mkdir -p "$packages"

modern_node
from_pypi "$packages/terminal" pexpect pyte
failed=0
for name in "${hosts[@]}"; do
    case $name in
        claude-code) package=@anthropic-ai/claude-code ;;
        codex) package=@openai/codex ;;
        copilot-cli) package=@github/copilot ;;
        *) echo "$name has no form, or no script here" >&2; exit 1 ;;
    esac
    from_npm "$packages/$name" "$package"
    PATH="$packages/$name/node_modules/.bin:$PATH" \
        "$packages/terminal/venv/bin/python" "$here/person.py" "$name" "$binary" "$work" || failed=1
done
exit $failed
