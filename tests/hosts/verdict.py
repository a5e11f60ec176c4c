"""Says what came of a conversation, from what model.py wrote down: the cells of its row in docs/clients.md, and with
--why what the model read where it did not read what it needs.

    verdict.py LOG TOOLS STATUS [--why]      TOOLS: what `tools --json` prints; STATUS: how the host or agent ended
"""
import json
import re
import sys

log, tools, status = sys.argv[1:4]
with open(log, encoding="utf-8") as lines:
    read = [json.loads(line) for line in lines]
said = {line["what"]: line for line in read}
with open(tools, encoding="utf-8") as listed:
    ours = [tool["name"] for tool in json.load(listed)["tools"]]
shown = max((line["names"] for line in read if "names" in line), key=len, default=[])
found = [tool for tool in ours if any(re.search(rf"(^|[^a-z]){tool}$", name) for name in shown)]
if shown and "list_contracts" not in found:
    cells = ["on demand"]
else:
    cells = ["yes" if found == ours else f"{len(found)} of {len(ours)}"]
ends = said.get("end", {}).get("ok") and status == "0"
cells += ["yes" if said.get(step, {}).get("ok") else "NO" for step in ["call", "refusal", "pending", "after"]]
cells.append("yes" if ends else "NO")
print(" | ".join(cells))
if "--why" in sys.argv:
    for line in said.values():
        if line.get("ok") is False:
            print("   read:", line["what"], line["read"][:600])
    print("   shown:", *shown[:60])
