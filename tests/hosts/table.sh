#!/usr/bin/env bash
# Runs the real hosts and agent frameworks, and writes what came of it into docs/clients.md, between its "tried" marks.
#   tests/hosts/table.sh BINARY
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
page=$here/../../docs/clients.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for kind in run frameworks; do
    TABLE=$work/$kind PACKAGES=${PACKAGES:+$PACKAGES/$kind} "$here/$kind.sh" "$1" || echo "see the table" >&2
done
python3 - "$page" "$work" "$("$1" --version)" <<'PYTHON'
import datetime, pathlib, re, sys

page, work, version = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
told = "shows the model all tools | a call | a refusal | an approval that waits | the call after it | the run ends well"
heads = {"run": f"| host | after `install` | {told} |", "frameworks": f"| framework | {told} |"}
text = page.read_text()
for kind, head in heads.items():
    lines = [head, "|" + "---|" * (head.count("|") - 1), (work / kind).read_text()]
    said = f"{version}, {datetime.date.today()}, Linux x86-64:\n\n" + "\n".join(lines)
    text, found = re.subn(rf"(<!-- tried: {kind} -->\n).*?(<!-- /tried -->)", lambda m: m[1] + said + m[2], text, flags=re.S)
    assert found == 1, kind
page.write_text(text)
PYTHON
