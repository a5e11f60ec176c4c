// Prints how a host starts an unpacked bundle: command, arguments and variables, as mcpb's own code works them out.
//   node bundle.mjs PACKAGERS FOLDER [SETTINGS]      one line: NAME=VALUE … COMMAND ARGUMENT …, NUL between the words
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packagers, folder, settings = "{}"] = process.argv.slice(2);
const entry = join(packagers, "node_modules/@anthropic-ai/mcpb/dist/index.js");
const { getMcpConfigForManifest } = await import(pathToFileURL(entry));
const started = await getMcpConfigForManifest({
  manifest: JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")),
  extensionPath: folder,
  systemDirs: {},
  userConfig: JSON.parse(settings),
  pathSeparator: "/",
});
const variables = Object.entries(started.env).map(([name, value]) => `${name}=${value}`);
process.stdout.write([...variables, started.command, ...started.args].join("\0"));
