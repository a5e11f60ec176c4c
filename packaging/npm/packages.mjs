// Writes the package.json of the main package and of one system's package.
//   node packages.mjs FOLDER TARGETS RUST-TARGET
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder, list, wanted] = process.argv.slice(2);
const lines = readFileSync(list, "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
const targets = lines.map((line) => {
  const [rust, os, cpu] = line.split(/\s+/);
  const program = `bin/opentrain-mcp${os === "win32" ? ".exe" : ""}`;
  return { rust, os, cpu, package: `opentrain-mcp-${os}${cpu === "any" ? "" : `-${cpu}`}`, program };
});
const main = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const { rust, ...own } = targets.find((target) => target.rust === wanted.replace(/-gnu$/, "-musl"));
const platform = {
  name: own.package,
  version: main.version,
  description: `The program of opentrain-mcp for ${own.os}${own.cpu === "any" ? "" : ` on ${own.cpu}`}`,
  license: main.license,
  repository: main.repository,
  os: [own.os],
  ...(own.cpu !== "any" && { cpu: [own.cpu] }),
  files: ["bin"],
  preferUnplugged: true,
};
main.optionalDependencies = Object.fromEntries(targets.map((target) => [target.package, main.version]));
const write = (path, value) => writeFileSync(join(folder, path), `${JSON.stringify(value, null, 2)}\n`);
write("main/package.json", main);
write("main/targets.json", targets.map(({ rust: _, ...target }) => target));
write("platform/package.json", platform);
