import { parseArgs } from "node:util";
import { printBytes } from "../packages/deadweight/src/lib/byte-size.ts";
import { runCase, setCases, type SetCase, type SetResult } from "../packages/deadweight/test/support/dockerfile-set.ts";
import { withoutBase } from "../packages/deadweight/test/support/dockerfile-set-bases.ts";
import { serveSet } from "../packages/deadweight/test/support/dockerfile-set-servers.ts";
import { docker } from "../packages/deadweight/test/support/engine.ts";

/**
 * A set of Dockerfiles with real mistakes (bench/dockerfiles): each is built as it is, rewritten, built again and verified; what was to be
 * saved is held against what was. Exits with 1 when a prediction is off by more than 5 %, a case is broken or an edit of it is missing.
 *
 *     node bench/rewrite.ts [NAME…] [--verbose]
 *
 * Needs a Docker engine, debootstrap, root, git, pip and a network for Debian's packages. What can't be made here is printed as that.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { verbose: { type: "boolean", default: false } } });
const mostOff = 0.05;
/** Below this much, folders and records of packages outweigh the rest. */
const leastBytes = 20_000;

const servers = await serveSet();
let failures = 0;
try {
  console.log(row(["case", "before", "predicted", "saved", "off by", "edits", "dropped", "verdict"]));
  for (const one of setCases.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) await tell(one);
} finally {
  await servers.close();
}
console.log(failures === 0 ? "none is broken, what was measured is within 5 % of what was saved" : `${failures} cases fail`);
process.exitCode = failures === 0 ? 0 : 1;

async function tell(one: SetCase): Promise<void> {
  const missing = one.bases.map((base) => withoutBase(base)).find((why) => why !== false);
  if (missing !== undefined) return console.log(`${one.name.padEnd(20)} not run: ${missing}`);
  const tag = `deadweight-set-case/${one.name}:1`;
  try {
    const result = await runCase(one, servers, tag, (text) => values.verbose && console.error(`${one.name}: ${text}`));
    if (isWrong(one, result)) failures++;
    print(one, result);
  } catch (error) {
    failures++;
    console.log(`${one.name.padEnd(20)} failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await docker("image", "rm", "--force", `${tag}-original`, `${tag}-candidate`).catch(() => {});
  }
}

function isWrong({ isLeft = false, wanted = [] }: SetCase, { outcome, predictedBytes, savedBytes }: SetResult): boolean {
  if (!outcome.passed) return !isLeft;
  const measured = outcome.edits.filter(({ status, basis }) => status === "kept" && basis === "measured");
  const made = new Set(measured.flatMap(({ edit }) => edit.split(" + ")));
  if (!wanted.every((edit) => made.has(edit))) return true;
  // What an edit can't weigh, such as the history that git won't fetch, is estimated and said to be.
  if (outcome.edits.some(({ status, basis }) => status === "kept" && basis === "estimated")) return savedBytes <= 0;
  return Math.abs(predictedBytes - savedBytes) > Math.max(leastBytes, savedBytes * mostOff);
}

function print({ name, isLeft = false }: SetCase, { outcome, predictedBytes, savedBytes, before }: SetResult): void {
  const kept = outcome.edits.filter(({ status }) => status === "kept");
  const dropped = outcome.edits.filter(({ status }) => status === "dropped");
  const isEstimated = outcome.edits.some(({ status, basis }) => status === "kept" && basis === "estimated");
  const off = isEstimated
    ? "estimated"
    : savedBytes === 0
      ? ""
      : `${(((predictedBytes - savedBytes) / savedBytes) * 100).toFixed(1)} %`;
  const verdict = outcome.passed ? "same" : isLeft ? "left" : "broken";
  const sizes = [before, predictedBytes, savedBytes].map((bytes) => (bytes < 0 ? `-${printBytes(-bytes)}` : printBytes(bytes)));
  console.log(row([name, ...sizes, off, String(kept.length), String(dropped.length), verdict]));
  for (const { edit, line, status, predictedBytes: bytes, reason = "" } of outcome.edits) {
    if (values.verbose || status === "dropped") console.log(`  ${status} ${edit} (line ${line}) ${printBytes(bytes)} ${reason}`);
  }
}

function row([name = "", ...cells]: readonly string[]): string {
  return name.padEnd(20) + cells.map((cell) => cell.padStart(10)).join("");
}
