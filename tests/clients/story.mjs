// What every client of TypeScript does: list, call, an approval by a person, progress, cancel.
import assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

export const { MCP_URL: url, MCP_KEY: key, MCP_ERA: era, MCP_FIGURES: figures } = process.env;
const terms = { contractId: "ctr_8Kq2", description: "Label", name: "By a client", amountUsd: 300 };
const opened = [];

// The person's part: opens the page and presses its button.
export async function press(page) {
  opened.push(page);
  const [, action] = (await (await fetch(page)).text()).match(/<form method="post" action="([^"]*)"/);
  const headers = { Origin: new URL(page).origin, "Content-Type": "application/x-www-form-urlencoded" };
  await fetch(new URL(action, page), { method: "POST", headers, body: "" });
}

const waits = async () => Number((await (await fetch(figures)).text()).match(/^opentrain_mcp_waits (\d+)$/m)[1]);

// `call(tool, arguments, options)` gives the result of a call.
export async function story(names, call) {
  assert(names.includes("create_milestone") && !names.includes("register_agent"), names.join());
  assert((await call("list_contracts", {})).content[0].text.includes("ctr_8Kq2"));
  let made = await call("create_milestone", terms);
  if (era === "modern") {
    assert.equal(opened.length, 1);
  } else {
    const page = made.structuredContent.error.claimUrl;
    assert(made.isError && opened.length === 0 && made.content[0].text.includes(page), made.content[0].text);
    await press(page);
    made = await call("create_milestone", terms);
  }
  assert.equal(made.structuredContent.outcome, "created", made.content[0].text);
  const milestoneId = made.structuredContent.milestone.id;
  const ask = () => call("request_milestone_funding", { milestoneId, contractId: terms.contractId });
  let asked = await ask();
  if (era === "legacy") {
    await press(asked.structuredContent.error.billingUrl);
    asked = await ask();
  }
  assert.equal(asked.structuredContent.outcome, "pending_approval", asked.content[0].text);
  const approvalId = asked.structuredContent.approval.id;
  let reports = 0;
  const onprogress = () => reports++;
  const waited = await call("wait_for_approval", { approvalId, timeoutSeconds: 3 }, { onprogress });
  assert(!waited.isError && reports > 0, `${reports} reports`);
  const controller = new AbortController();
  const seen = reports;
  const options = { onprogress, signal: controller.signal };
  const waiting = call("wait_for_approval", { approvalId, timeoutSeconds: 50 }, options).then(() => "answered", () => "cancelled");
  for (let tries = 0; reports === seen; tries++) {
    assert(tries < 400, "no progress");
    await sleep(50);
  }
  controller.abort("the user changed their mind");
  assert.equal(await waiting, "cancelled");
  assert(!(await call("list_contracts", {})).isError);
  // Before 2026-07-28 the call ends with the connection: the script looks after the client has gone.
  for (let tries = 0; era === "modern" && (await waits()) > 0; tries++) {
    assert(tries < 200, "the cancelled call still waits");
    await sleep(100);
  }
  console.log(`  ${names.length} tools, created after a claim, ${reports} reports of progress, cancelled`);
}
