// The second SDK for TypeScript over HTTP, in both eras.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { press, era, key, story, url } from "./story.mjs";

const versionNegotiation = { mode: era === "modern" ? { pin: "2026-07-28" } : "legacy" };
const client = new Client(
  { name: "clients-test", version: "1" },
  { capabilities: { elicitation: { url: {} } }, versionNegotiation },
);
client.setRequestHandler("elicitation/create", async ({ params }) => {
  await press(params.url);
  return { action: "accept" };
});
const headers = { Authorization: `Bearer ${key}` };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const { tools } = await client.listTools();
await story(tools.map((tool) => tool.name), (name, args, options) => client.callTool({ name, arguments: args }, options));
await client.close();
