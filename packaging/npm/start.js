#!/usr/bin/env node
// Starts the program of the package that npm has installed for this machine, with this process's arguments and streams.
import { spawn } from "node:child_process";
import { accessSync, chmodSync, constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants as system } from "node:os";

const targets = JSON.parse(readFileSync(new URL("targets.json", import.meta.url), "utf8"));
const here = ({ os, cpu }) => os === process.platform && (cpu === "any" || cpu === process.arch);

function fail(why) {
  process.stderr.write(`opentrain-mcp: ${why}\n`);
  process.exit(1);
}

function find() {
  const target = targets.find(here);
  if (!target) fail(`there is no program for ${process.platform} on ${process.arch}; build it with cargo`);
  try {
    return createRequire(import.meta.url).resolve(`${target.package}/${target.program}`);
  } catch {
    return fail(`the package ${target.package} is missing: install again, without --omit=optional`);
  }
}

const program = find();
if (process.platform !== "win32") {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    chmodSync(program, 0o755);
  }
}
const child = spawn(program, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
child.on("error", (fault) => fail(fault.message));
// A host signals this process only. A terminal's Ctrl-C reaches both, and the program decides about it.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
process.on("SIGINT", () => {});
child.on("exit", (status, signal) => process.exit(signal ? 128 + system.signals[signal] : status));
