// Completes server.json: the settings of each package, and the hash of each bundle that SHA256SUMS lists. A bundle that
// was not built is left out.
//   node fill.mjs SHA256SUMS <server.json
import { readFileSync } from "node:fs";

const [sums] = process.argv.slice(2);
const hashes = new Map(readFileSync(sums, "utf8").trim().split("\n").map((line) => line.split(/\s+\*?/).reverse()));
const variables = JSON.parse(readFileSync(new URL("variables.json", import.meta.url), "utf8"));
const server = JSON.parse(readFileSync(0, "utf8"));
server.packages = server.packages
  .map((entry) => {
    if (entry.registryType !== "mcpb") return { ...entry, environmentVariables: variables };
    return { ...entry, fileSha256: hashes.get(entry.identifier.split("/").at(-1)) };
  })
  .filter((entry) => entry.registryType !== "mcpb" || entry.fileSha256);
console.log(JSON.stringify(server, null, 2));
