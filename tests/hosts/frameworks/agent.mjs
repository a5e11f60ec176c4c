// An agent of each JavaScript framework, with our tools and the model of model.py: it runs until the model says "done".
//   node agent.mjs FRAMEWORK MODEL-ORIGIN COMMAND [ARGUMENT…]      copied into the folder of its packages, from there; prints the version
import { readFileSync } from "node:fs";

const [framework, model, command, ...args] = process.argv.slice(2);
const env = { HOME: process.env.HOME, PATH: process.env.PATH };
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;

async function aiSdk() {
  const { generateText, stepCountIs, isStepCount } = await import("ai");
  const { createMCPClient, experimental_createMCPClient } = await import("@ai-sdk/mcp");
  const { Experimental_StdioMCPTransport, StdioMCPTransport } = await import("@ai-sdk/mcp/mcp-stdio");
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
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
  const { createAgent } = await import("langchain");
  const { ChatOpenAI } = await import("@langchain/openai");
  const { MultiServerMCPClient } = await import("@langchain/mcp-adapters");
  const client = new MultiServerMCPClient({ mcpServers: { opentrain: { transport: "stdio", command, args, env } } });
  const chat = new ChatOpenAI({ model: "stub", apiKey: "x", maxRetries: 0, configuration: { baseURL: `${model}/v1` } });
  const agent = createAgent({ model: chat, tools: await client.getTools() });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "go" }] });
  await client.close();
  return ["@langchain/mcp-adapters", messages.at(-1).content];
}

async function mastra() {
  const { Agent } = await import("@mastra/core/agent");
  const { MCPClient } = await import("@mastra/mcp");
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

async function openaiAgents() {
  const { Agent, MCPServerStdio, OpenAIChatCompletionsModel, run, setTracingDisabled } = await import("@openai/agents");
  const { OpenAI } = await import("openai");
  setTracingDisabled(true);
  const server = new MCPServerStdio({ name: "opentrain", command, args, env });
  await server.connect();
  const client = new OpenAI({ baseURL: `${model}/v1`, apiKey: "x", maxRetries: 0 });
  const agent = new Agent({ name: "agent", model: new OpenAIChatCompletionsModel(client, "stub"), mcpServers: [server] });
  const { finalOutput } = await run(agent, "go");
  await server.close();
  return ["@openai/agents", finalOutput];
}

// A client of the official SDK, for those that bring none.
async function connected() {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
  const client = new Client({ name: "agent", version: "1" });
  await client.connect(new StdioClientTransport({ command, args, env }));
  return client;
}

async function googleGenai() {
  const { GoogleGenAI, mcpToTool } = await import("@google/genai");
  const client = await connected();
  const { text } = await new GoogleGenAI({ apiKey: "x", httpOptions: { baseUrl: model } }).models.generateContent({
    model: "gemini-stub",
    contents: "go",
    config: { tools: [mcpToTool(client)] },
  });
  await client.close();
  return ["@google/genai", text];
}

async function anthropic() {
  const { Anthropic } = await import("@anthropic-ai/sdk");
  const { mcpTools } = await import("@anthropic-ai/sdk/helpers/beta/mcp");
  const client = await connected();
  const { content } = await new Anthropic({ baseURL: model, apiKey: "x", maxRetries: 0 }).beta.messages.toolRunner({
    model: "claude-stub",
    max_tokens: 100,
    messages: [{ role: "user", content: "go" }],
    tools: mcpTools((await client.listTools()).tools, client),
  });
  await client.close();
  return ["@anthropic-ai/sdk", content[0].text];
}

const [name, last] = await {
  "ai-sdk": aiSdk,
  anthropic,
  "google-genai": googleGenai,
  langchain,
  mastra,
  "openai-agents": openaiAgents,
}[framework]();
if (String(last).trim() !== "done") {
  console.error(`the run ended with ${JSON.stringify(last)}`);
  process.exit(1);
}
console.log(`${name} ${version(name)}`);
process.exit(0);
