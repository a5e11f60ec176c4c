// Speaks to a server as a host does, and says what it found: `ok NAME: VERSION, N tools, M ms to the first answer`.
//   node speak.mjs NAME COMMAND [ARGUMENT…]     the environment is handed on as it is
// What it must find: the sandbox's contract. REFUSES=1: also that a milestone over the limit is refused.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [name, command, ...args] = process.argv.slice(2);
const started = performance.now();
const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
const send = (message) => server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

function check(is, what) {
  if (is) return;
  console.error(`FAILED ${name}: ${what}`);
  server.kill();
  process.exit(1);
}

const patience = setTimeout(() => check(false, "no answer in a minute"), 60_000);
let id = 0;
async function ask(method, params) {
  send({ id: ++id, method, params });
  for (;;) {
    const { value, done } = await lines.next();
    check(!done, `the server ended before it answered ${method}`);
    const answer = JSON.parse(value);
    if (answer.id === id) return answer.result ?? check(false, `${method}: ${JSON.stringify(answer.error)}`);
  }
}
const call = (tool, given) => ask("tools/call", { name: tool, arguments: given });

const { serverInfo } = await ask("initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "packages", version: "1" },
});
send({ method: "notifications/initialized" });
const { tools } = await ask("tools/list", {});
const answer = await call("list_contracts", {});
const took = Math.round(performance.now() - started);
const text = JSON.stringify(answer);
check(!answer.isError && text.includes("ctr_8Kq2") && text.includes("SANDBOX"), `not the sandbox's contracts: ${text}`);
if (process.env.REFUSES) {
  const refused = await call("create_milestone", { contractId: "ctr_8Kq2", description: "Labels", amountUsd: 150 });
  check(refused.structuredContent?.error?.reason === "over_limit", `not refused: ${JSON.stringify(refused)}`);
}
server.stdin.end();
const status = await new Promise((resolve) => (server.exitCode === null ? server.on("exit", resolve) : resolve(server.exitCode)));
clearTimeout(patience);
check(status === 0, `status ${status} at the end of its input`);
console.log(`ok ${name}: ${serverInfo.version}, ${tools.length} tools, ${took} ms to the first answer`);
