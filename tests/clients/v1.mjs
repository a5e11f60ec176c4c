// The first SDK for TypeScript over HTTP. It speaks revision 2025-11-25.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { key, story, url } from "./story.mjs";

const client = new Client({ name: "clients-test", version: "1" }, { capabilities: { elicitation: { url: {} } } });
const headers = { Authorization: `Bearer ${key}` };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const { tools } = await client.listTools();
await story(tools.map((tool) => tool.name), (name, args, options) =>
  client.callTool({ name, arguments: args }, CallToolResultSchema, options));
await client.close();
