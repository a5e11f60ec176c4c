"""What every Python client does: list, call, an approval by a person, progress, cancel. The clients differ in `call`."""

import asyncio
import os
import re
import time
import urllib.parse
import urllib.request

URL, KEY, ERA = os.environ["MCP_URL"], os.environ["MCP_KEY"], os.environ["MCP_ERA"]
FIGURES = os.environ["MCP_FIGURES"]
TERMS = {"contractId": "ctr_8Kq2", "description": "Label", "name": "By a client", "amountUsd": 300}
opened = []


def press(url):
    """The person's part: opens the page and presses its button."""
    opened.append(url)
    html = urllib.request.urlopen(url).read().decode()
    action = urllib.parse.urljoin(url, re.search(r'<form method="post" action="([^"]*)"', html)[1])
    origin = urllib.parse.urljoin(url, "/").rstrip("/")
    urllib.request.urlopen(urllib.request.Request(action, data=b"", headers={"Origin": origin}))


def waits():
    text = urllib.request.urlopen(FIGURES).read().decode()
    return int(re.search(r"^opentrain_mcp_waits (\d+)$", text, re.M)[1])


async def story(names, call):
    """`names` are the listed tools; `call(tool, arguments, progress)` gives text, structure and whether it failed."""
    assert "create_milestone" in names and "register_agent" not in names, names
    text, _, failed = await call("list_contracts", {})
    assert not failed and "ctr_8Kq2" in text, text
    text, data, failed = await call("create_milestone", TERMS)
    if ERA == "modern":
        assert not failed and data["outcome"] == "created" and len(opened) == 1, (text, opened)
    else:
        assert failed and not opened and data["error"]["claimUrl"] in text, text
        await asyncio.to_thread(press, data["error"]["claimUrl"])
        text, data, failed = await call("create_milestone", TERMS)
        assert not failed and data["outcome"] == "created", text
    asked = {"milestoneId": data["milestone"]["id"], "contractId": "ctr_8Kq2"}
    text, data, failed = await call("request_milestone_funding", asked)
    if failed and ERA == "legacy":
        await asyncio.to_thread(press, data["error"]["billingUrl"])
        text, data, failed = await call("request_milestone_funding", asked)
    assert not failed and data["outcome"] == "pending_approval", text
    wait = {"approvalId": data["approval"]["id"], "timeoutSeconds": 3}
    reports = []
    text, data, failed = await call("wait_for_approval", wait, reports.append)
    assert not failed and reports, (text, reports)
    waiting = asyncio.create_task(call("wait_for_approval", wait | {"timeoutSeconds": 50}, reports.append))
    seen, began = len(reports), time.monotonic()
    while len(reports) == seen:
        await asyncio.sleep(0.05)
        assert time.monotonic() - began < 20 and not waiting.done(), "no progress"
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    text, _, failed = await call("list_contracts", {})
    assert not failed, text
    # Before 2026-07-28 a client cancels with a notification, which reaches no call of a server without sessions. The call
    # ends with the connection then: the script looks after the client has gone.
    while ERA == "modern" and await asyncio.to_thread(waits):
        await asyncio.sleep(0.1)
        assert time.monotonic() - began < 30, "the cancelled call still waits"
    print(f"  {len(names)} tools, created after a claim, {len(reports)} reports of progress, cancelled")
