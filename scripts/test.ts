import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** Runs the tests: all, or the files that are named. The project's Node comes with `npm ci`; without it say so first. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(`Node ${process.versions.node} is too old, 24.15 is needed: run npm ci (without --omit=optional), it brings one`);
  process.exit(2);
}
const root = join(import.meta.dirname, "..");
const named = process.argv.slice(2);
const files = named.length > 0 ? named : ["packages/*/test/**/*.test.ts", "scripts/**/*.test.ts"];
const options = ["--test", `--test-concurrency=${availableParallelism()}`, "--test-timeout=900000"];
const result = spawnSync(process.execPath, [...options, ...files], { stdio: "inherit", cwd: root });
process.exit(result.status ?? 1);
