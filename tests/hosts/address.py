"""Adds the entry that docs/http.md gives for a host to its settings, at another address.

    address.py PAGE HOST NAME ADDRESS FILE      the server's NAME and ADDRESS in place of the page's; FILE may exist
"""
import json
import os
import re
import sys

page, host, name, address, path = sys.argv[1:6]
with open(page, encoding="utf-8") as text:
    entries = re.findall(r"<!-- host: ([a-z -]+) -->\n```(json|toml)\n(.*?)```", text.read(), re.S)
form, entry = next((form, entry) for hosts, form, entry in entries if host in hosts.split())
entry = entry.replace("https://mcp.example.com/mcp", address)
assert address in entry, entry
before = ""
if os.path.exists(path):
    with open(path, encoding="utf-8") as file:
        before = file.read()
if form == "toml":
    after = before + "\n" + entry.replace("mcp_servers.opentrain", f"mcp_servers.{name}")
else:
    [(key, servers)] = json.loads(entry).items()
    # Some of these files have commas that JSON does not.
    settings = json.loads(re.sub(r",(\s*})", r"\1", before) or "{}")
    after = json.dumps({**settings, key: {name: servers["opentrain"]}})
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, "w", encoding="utf-8") as file:
    file.write(after)
