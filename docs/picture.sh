#!/usr/bin/env bash
# Makes docs/approval.png: the page on which a person decides, in the sandbox. Needs chromium, curl and jq.
#   docs/picture.sh [PATH-OF-BINARY]
set -euo pipefail
folder=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
binary=$(realpath "${1:-$folder/../target/debug/opentrain-mcp}")
work=$(mktemp -d)
"$binary" sandbox --listen 127.0.0.1:0 >"$work/sandbox" &
sandbox=$!
trap 'kill "$sandbox"; rm -rf "$work"' EXIT
until address=$(grep -om1 'http://127.0.0.1:[0-9]*' "$work/sandbox"); do sleep 0.1; done

# What the user does before an agent may ask for money: claim the account, and add a card.
curl --fail --silent --show-error --output /dev/null --request POST "$address/claim"
curl --fail --silent --show-error --output /dev/null --request POST "$address/billing"

# What the agent does.
export OPENTRAIN_API_BASE_URL=$address OPENTRAIN_NO_RECORD=true
OT_API_TOKEN=$(grep -om1 'ot_pat_sandboxowner[A-Za-z0-9_]*' "$work/sandbox")
export OT_API_TOKEN
page=$("$binary" call request_milestone_funding '{"milestoneId": "ms_4Dk7"}' --json \
    | jq --raw-output .structuredContent.approval.approvalUrl)

# Without a sandbox of its own, which needs rights that a container seldom gives: it opens this machine's page only.
chromium --headless=new --no-sandbox --disable-gpu --no-proxy-server --hide-scrollbars --user-data-dir="$work/profile" \
    --window-size=720,830 --screenshot="$folder/approval.png" "$page" 2>"$work/log" \
    || { cat "$work/log" >&2; exit 1; }
