// Rewrites all Dockerfiles of some folders with every edit, and asks another parser whether it takes the results:
//
//   node bench/dockerfile-rewrites.ts --oracle PROGRAM FOLDER…
//
// PROGRAM is that of dockerfile-corpus.ts; in bench/dockerfile-edits stand files for edits that few Dockerfiles of others want. Prints counts: files, changes by edit, results that are refused, that want to be changed again,
// or where an edit crashed; and the processor time of the slowest file.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { edits, rewrite, UserError, type DockerfileRewrite, type RewriteOptions } from "../packages/deadweight/src/index.ts";
import { dockerfilesIn } from "./support/dockerfiles-in.ts";

const [flag, oracle, ...folders] = process.argv.slice(2);
if (flag !== "--oracle" || !oracle || folders.length === 0) throw new Error("usage: --oracle PROGRAM FOLDER…");

const work = mkdtempSync(join(tmpdir(), "deadweight-bench-"));
const counts = new Map<string, number>();
const told: string[] = [];
const written = new Map<string, string>();
let slowest = { milliseconds: 0, file: "" };
try {
  for (const [index, file] of dockerfilesIn(folders).entries()) await rewriteOne(file, join(work, String(index)));
  const answer = spawnSync(oracle, { input: [...written.keys()].join("\n"), encoding: "utf8", maxBuffer: 1 << 30 });
  for (const line of answer.stdout.split("\n").filter((text) => text !== "")) {
    const { file, error } = JSON.parse(line) as { readonly file: string; readonly error?: string };
    if (error === undefined) count("files that change and that the other parser takes");
    else tell("REFUSED by the other parser", `${written.get(file)}: ${error}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const [name, count] of [...counts].sort(([one], [other]) => one.localeCompare(other))) console.log(`${count}\t${name}`);
console.log(`${slowest.milliseconds.toFixed(0)} ms\tslowest: ${slowest.file}`);
for (const line of told.slice(0, 40)) console.log(line);

/** Each in a folder of its own, so that no build context is weighed that is not there. */
async function rewriteOne(file: string, folder: string): Promise<void> {
  mkdirSync(folder);
  const copy = join(folder, "Dockerfile");
  writeFileSync(copy, readFileSync(file));
  count("files");
  const before = process.cpuUsage();
  const first = await attempt(copy);
  const { user } = process.cpuUsage(before);
  if (user / 1000 > slowest.milliseconds) slowest = { milliseconds: user / 1000, file };
  if (first === undefined) return count("not rewritten: an error or unsupported");
  for (const { rule } of first.changes) count(`changed by ${rule}`);
  for (const { rule, message } of first.notes)
    if (/^crashed|^left out|come to an end/.test(message)) tell("WRONG note", `${file}: ${rule}: ${message}`);
  if (first.changes.length === 0) return;
  count("files that change");
  writeFileSync(copy, Buffer.from(first.after, first.encoding));
  written.set(copy, file);
  const again = await attempt(copy);
  if (again?.after !== first.after)
    tell("CHANGED again", `${file}: ${again?.changes.map(({ rule }) => rule).join(" ") ?? "an error"}`);
}

async function attempt(file: string): Promise<DockerfileRewrite | undefined> {
  const options: RewriteOptions = {
    environment: {},
    signal: new AbortController().signal,
    insecure: [],
    level: "verified",
    withoutGpu: true,
    only: edits.map(({ name }) => name),
  };
  try {
    return await rewrite(file, options);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function tell(kind: string, text: string): void {
  count(kind);
  told.push(`${kind}: ${text}`);
}

function count(name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
