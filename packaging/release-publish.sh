#!/usr/bin/env bash
# Publishes a release: the page with its files, npm and PyPI. The registry of MCP servers comes last, since it looks at
# the other places. Homebrew and Docker's catalogue take their files from the page.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/facts.sh"
cd "$project/target/packages"
sha256sum --check --quiet SHA256SUMS
gh release create "v$version" --repo "${repository#https://github.com/}" --verify-tag --title "$version" \
    --notes-from-tag ./*
# The packages of the systems first: the main one asks for them.
npm install --global npm@11 >/dev/null
for package in opentrain-mcp-*-"$version".tgz opentrain-mcp-"$version".tgz; do
    npm publish --provenance --access public "$package"
done
pipx run twine==6.2.0 upload --non-interactive ./*.whl
echo "Now: mcp-publisher login github-oidc && mcp-publisher publish (server.json is on the page)"
