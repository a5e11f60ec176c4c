// An agent of each JavaScript framework, with our tools and the model of model.py: it runs until the model says "done".
//   node agent.mjs FRAMEWORK MODEL-ORIGIN COMMAND [ARGUMENT…]      in the folder of its packages; prints the version
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [framework, model, command, ...args] = process.argv.slice(2);
const env = { HOME: process.env.HOME, PATH: process.env.PATH };
const packages = join(process.cwd(), "node_modules");
const resolve = createRequire(join(packages, "..", "package.json")).resolve;

// Packages are installed in the current folder, which is not where this file is. Some export for `import` only.
async function get(name) {
  const [scope, ...rest] = name.split("/");
  const [owner, path] = scope.startsWith("@") ? [`${scope}/${rest[0]}`, rest.slice(1)] : [scope, rest];
  const facts = JSON.parse(readFileSync(join(packages, owner, "package.json"), "utf8"));
  let entry = facts.exports?.[path.length ? `./${path.join("/")}` : "."] ?? facts.module ?? facts.main;
  while (entry && typeof entry === "object") entry = entry.import ?? entry.node ?? entry.default;
  return import(pathToFileURL(entry ? join(packages, owner, entry) : resolve(name)));
}
const version = (name) => JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")).version;

async function aiSdk() {
  const { generateText, stepCountIs, isStepCount } = await get("ai");
  const { createMCPClient, experimental_createMCPClient } = await get("@ai-sdk/mcp");
  const { Experimental_StdioMCPTransport, StdioMCPTransport } = await get("@ai-sdk/mcp/mcp-stdio");
  const { createOpenAICompatible } = await get("@ai-sdk/openai-compatible");
  const transport = new (StdioMCPTransport ?? Experimental_StdioMCPTransport)({ command, args, env });
  const client = await (createMCPClient ?? experimental_createMCPClient)({ transport });
  const { text } = await generateText({
    model: createOpenAICompatible({ name: "stub", baseURL: `${model}/v1`, apiKey: "x" })("stub"),
    tools: await client.tools(),
    stopWhen: (stepCountIs ?? isStepCount)(20),
    maxRetries: 0,
    prompt: "go",
  });
  await client.close();
  return ["@ai-sdk/mcp", text];
}

async function langchain() {
  const { createAgent } = await get("langchain");
  const { ChatOpenAI } = await get("@langchain/openai");
  const { MultiServerMCPClient } = await get("@langchain/mcp-adapters");
  const client = new MultiServerMCPClient({ mcpServers: { opentrain: { transport: "stdio", command, args, env } } });
  const chat = new ChatOpenAI({ model: "stub", apiKey: "x", maxRetries: 0, configuration: { baseURL: `${model}/v1` } });
  const agent = createAgent({ model: chat, tools: await client.getTools() });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "go" }] });
  await client.close();
  return ["@langchain/mcp-adapters", messages.at(-1).content];
}

async function mastra() {
  const { Agent } = await get("@mastra/core/agent");
  const { MCPClient } = await get("@mastra/mcp");
  const client = new MCPClient({ servers: { opentrain: { command, args, env } } });
  const agent = new Agent({
    id: "agent",
    name: "agent",
    instructions: "go",
    model: { id: "stub/stub", url: `${model}/v1`, apiKey: "x" },
    tools: await (client.listTools ?? client.getTools).call(client),
  });
  const { text } = await agent.generate("go", { maxSteps: 20 });
  await client.disconnect();
  return ["@mastra/mcp", text];
}

const [name, last] = await { "ai-sdk": aiSdk, langchain, mastra }[framework]();
if (String(last).trim() !== "done") {
  console.error(`the run ended with ${JSON.stringify(last)}`);
  process.exit(1);
}
console.log(`${name} ${version(name)}`);
process.exit(0);
