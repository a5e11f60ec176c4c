// Completes the manifest of a bundle with the tools and prompts that the program itself lists, and prints it.
//   node manifest.mjs PROGRAM SYSTEM <manifest.json
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [program, system] = process.argv.slice(2);
// A home without settings.
const home = mkdtempSync(join(tmpdir(), "opentrain-mcp-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));
const env = { HOME: home, USERPROFILE: home, SystemRoot: process.env.SystemRoot, OPENTRAIN_SANDBOX_PORT: "0" };
const server = spawn(program, ["--sandbox"], { stdio: ["pipe", "pipe", "inherit"], env });
const answers = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
const send = (message) => server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

let id = 0;
async function ask(method, params) {
  send({ id: ++id, method, params });
  for (;;) {
    const { value, done } = await answers.next();
    if (done) throw new Error(`the server ended before it answered ${method}`);
    const answer = JSON.parse(value);
    if (answer.id !== id) continue;
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }
}

async function list(kind) {
  const found = [];
  let cursor;
  do {
    const page = await ask(`${kind}/list`, cursor ? { cursor } : {});
    found.push(...page[kind]);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

// The text of a prompt, with the host's own placeholders as arguments. A bundle cannot say that one may be left out, so it
// has the required ones only.
async function prompt({ name, description, arguments: wanted = [] }) {
  const names = wanted.filter((argument) => argument.required).map((argument) => argument.name);
  const given = Object.fromEntries(names.map((argument) => [argument, `\${arguments.${argument}}`]));
  const { messages } = await ask("prompts/get", { name, arguments: given });
  const text = messages.map((message) => message.content.text).filter(Boolean).join("\n\n");
  return { name, description, ...(names.length && { arguments: names }), text };
}

const firstSentence = (text) => text.match(/^.*?[.!?](?=\s|$)/s)?.[0] ?? text;

const { serverInfo, capabilities } = await ask("initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "packaging", version: "1" },
});
send({ method: "notifications/initialized" });
const manifest = JSON.parse(readFileSync(0, "utf8"));
if (manifest.version !== serverInfo.version) throw new Error(`the program is version ${serverInfo.version}`);
manifest.tools = (await list("tools")).map(({ name, description }) => ({ name, description: firstSentence(description) }));
manifest.tools_generated = true;
if (capabilities.prompts) {
  manifest.prompts = [];
  for (const listed of await list("prompts")) manifest.prompts.push(await prompt(listed));
}
manifest.compatibility = { platforms: [system] };
if (system === "win32") manifest.server.entry_point = "server/opentrain-mcp-win32-x64.exe";
console.log(JSON.stringify(manifest, null, 2));
server.stdin.end();
server.on("exit", () => process.exit());
