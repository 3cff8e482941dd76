import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { defaultLimits } from "../packages/deadweight/src/archive/limits.ts";
import { encodeHeader, endOfArchive } from "../packages/deadweight/src/archive/tar-writer.ts";
import { checks } from "../packages/deadweight/src/checks/index.ts";
import type { Check } from "../packages/deadweight/src/contracts/check.ts";
import { createFacts, type Facts } from "../packages/deadweight/src/contracts/fact.ts";
import { LayerScanner } from "../packages/deadweight/src/image/layer-scanner.ts";
import { byteStringFromText } from "../packages/deadweight/src/lib/byte-string.ts";
import { expectedChanges } from "../packages/deadweight/src/pipeline/expected-changes.ts";
import { withFacts } from "../packages/deadweight/src/pipeline/with-facts.ts";
import { candidateRunner, type CandidateRunner, type Request } from "./support/candidate-runner.ts";

/**
 * How many broken images the static checks find: single files of a built image are removed, each removal is run for real, and judged
 * without running anything. An optimiser that errs is played: the removal is on its list of changes, so the list excuses it.
 *
 *     node bench/verify-mutations.ts --image docker:NAME --requests requests.json [--count 200] [--seed 1] [-o result.json]
 *     node bench/verify-mutations.ts --image docker:NAME --judge result.json
 *     node bench/verify-mutations.ts --image docker:NAME --judge result.json --run --requests requests.json
 *
 * The second form judges the removals of an earlier run anew, without running the application; the third also lets the checks run that need
 * containers, on every second of the requests as probes.
 * Needs root (the image is unpacked and run with unshare and chroot), docker and strace. requests.json: {"port": 18080, "requests": ["/", ["POST",
 * "/echo", "{}"], …]}. Two checks are left out: file-tree compares with the list, and package-databases finds what a real optimiser
 * takes out of the records with the file.
 */
const { values } = parseArgs({
  options: {
    image: { type: "string" },
    requests: { type: "string" },
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    output: { type: "string", short: "o" },
    judge: { type: "string" },
    run: { type: "boolean", default: false },
  },
});

interface Mutation {
  readonly path: string;
  readonly isUsed: boolean;
  readonly breaks: boolean;
  readonly flaggedBy: readonly string[];
}

const left: ReadonlySet<string> = new Set(["file-tree", "package-databases"]);
const isStatic = ({ name, needs, observes }: Check): boolean => needs === "nothing" && observes === undefined && !left.has(name);
const isRunning = ({ needs, observes }: Check): boolean => needs === "runtime" && observes !== "rounds";
const chosen: readonly Check[] = checks.filter((check) => isStatic(check) || (values.run && isRunning(check)));
const running: ReadonlySet<string> = new Set(checks.filter(isRunning).map(({ name }) => name));
const image = values.image ?? fail("say which image: --image docker:NAME");
const { port, requests } = readRequests();
const work = mkdtempSync(join(tmpdir(), "deadweight-mutations-"));
const root = join(work, "root");

try {
  await main();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function main(): Promise<void> {
  if (values.judge !== undefined) return judgeAgain(JSON.parse(readFileSync(values.judge, "utf8")) as readonly Mutation[]);
  unpack();
  await withFacts(image, options(), async ({ facts }) => {
    const log = join(work, "trace");
    const first = await answers(facts, log);
    const wanted = await answers(facts);
    if (first !== wanted || wanted === "down") fail(`the application does not answer the same twice: ${first.slice(0, 300)}`);
    const mutations: Mutation[] = [];
    for (const { path, isUsed } of sample(facts, log)) {
      const breaks = (await withoutFile(path, () => answers(facts))) !== wanted;
      mutations.push({ path, isUsed, breaks, flaggedBy: await flaggedBy(facts, path) });
      if (mutations.length % 20 === 0) console.error(`${mutations.length} removed`);
    }
    print(mutations);
    if (values.output !== undefined) writeFileSync(values.output, JSON.stringify(mutations, undefined, 1));
  });
}

async function judgeAgain(known: readonly Mutation[]): Promise<void> {
  await withFacts(image, options(), async ({ facts }) => {
    const runner = values.run ? await candidateRunner(image.replace(/^docker:/, ""), facts, readRequests()) : undefined;
    const mutations: Mutation[] = [];
    try {
      for (const mutation of known) {
        // What containers showed in the earlier run still holds.
        const shown = values.run ? [] : mutation.flaggedBy.filter((name) => running.has(name));
        mutations.push({ ...mutation, flaggedBy: [...shown, ...(await flaggedBy(facts, mutation.path, runner))] });
        if (values.output !== undefined) writeFileSync(values.output, JSON.stringify(mutations, undefined, 1));
      }
    } finally {
      await runner?.close();
    }
    print(mutations);
  });
}

function readRequests(): { readonly port: number; readonly requests: readonly Request[] } {
  if (values.judge !== undefined && !values.run) return { port: 0, requests: [] };
  const path = values.requests ?? fail("say what to ask: --requests FILE");
  return JSON.parse(readFileSync(path, "utf8")) as ReturnType<typeof readRequests>;
}

function options(): Parameters<typeof withFacts>[1] {
  return { environment: process.env, signal: new AbortController().signal, insecure: [], programs: true };
}

/** The file system of the image, as an engine has it. */
function unpack(): void {
  const script = `set -e; id=$(docker create ${image.replace(/^docker:/, "")} x); mkdir ${root}; docker export $id | tar -x -C ${root}; docker rm $id >/dev/null; mkdir -p ${root}/dev; mknod -m 666 ${root}/dev/null c 1 3 || true; mknod -m 666 ${root}/dev/urandom c 1 9 || true`;
  const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  if (status !== 0) fail(stderr);
}

/** Starts the application, asks, stops it: a hash of all answers, or `down`. With a log, what it opens is traced. */
async function answers(facts: Facts, log?: string): Promise<string> {
  const { entrypoint, command, environment, workingDirectory } = facts.image.config;
  // In a mount namespace of its own, so that nothing stays mounted; above the image, so that nothing that one run writes helps the next.
  const inside = ["/usr/bin/env", "-C", workingDirectory || "/", ...entrypoint, ...command];
  const script = `cd ${work} && rm -rf upper scratch && mkdir -p upper scratch merged && mount -t overlay overlay -o lowerdir=root,upperdir=upper,workdir=scratch merged && mount -t proc proc merged/proc && mount --bind root/dev merged/dev && exec chroot merged "$@"`;
  const argv = ["unshare", "--mount", "sh", "-c", script, "sh", ...inside];
  const traced = log === undefined ? argv : ["strace", "-f", "-qq", "-e", "trace=%file", "-o", log, ...argv];
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...Object.fromEntries(environment.map((line) => line.split(/=(.*)/s))),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const child = spawn(traced[0] ?? "", traced.slice(1), { env, stdio: "ignore", detached: true });
  try {
    return (await isUp(child, log === undefined ? 8000 : 30_000)) ? await allAnswers() : "down";
  } finally {
    await stop(child);
  }
}

async function isUp(child: ChildProcess, patienceMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < patienceMs && child.exitCode === null; waitedMs += 50) {
    if ((await answerTo("/")) !== "none") return true;
    await pause(50);
  }
  return false;
}

async function allAnswers(): Promise<string> {
  const all: string[] = [];
  for (const request of requests) all.push(await answerTo(request));
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

async function answerTo(request: Request): Promise<string> {
  const [method, path, body] = typeof request === "string" ? (["GET", request, undefined] as const) : request;
  const sent = { method, redirect: "manual", signal: AbortSignal.timeout(3000) } as const;
  const more = body === undefined ? {} : { body, headers: { "content-type": "application/json" } };
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...sent, ...more });
    const content = Buffer.from(await response.arrayBuffer()).toString("base64");
    return [response.status, response.headers.get("content-type"), response.headers.get("location"), content].join(" ");
  } catch {
    return "none";
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
  if (child.exitCode === null && child.signalCode === null) await ended;
  for (let waitedMs = 0; waitedMs < 3000 && (await answerTo("/")) !== "none"; waitedMs += 50) await pause(50);
}

/** Files that the application opened, and others: 7 to 3, by a generator that gives the same again. */
function sample(facts: Facts, log: string): readonly Pick<Mutation, "path" | "isUsed">[] {
  const trace = readFileSync(log, "latin1");
  const opened = [...new Set([...trace.matchAll(/"(\/[^"]+)"[^\n]*\) = (?!-1)/g)].map(([, path = ""]) => path.slice(1)))];
  const own = new Set(files(root));
  const used = new Set(opened.flatMap((path) => [path, realPath(path)]).filter((path) => own.has(path)));
  const count = Number(values.count);
  const random = generator(Number(values.seed));
  const pick = (paths: readonly string[], most: number): readonly string[] =>
    paths
      .map((path) => ({ path, key: random() }))
      .sort((one, other) => one.key - other.key)
      .slice(0, most)
      .map(({ path }) => path);
  const chosenUsed = pick([...used].sort(), Math.round(count * 0.7));
  const chosenUnused = pick([...own].filter((path) => !used.has(path)).sort(), count - chosenUsed.length);
  console.error(`${used.size} of ${own.size} files are opened; ${facts.layers.length} layers`);
  return [...chosenUsed.map((path) => ({ path, isUsed: true })), ...chosenUnused.map((path) => ({ path, isUsed: false }))];
}

/** Where a path of the image leads to, links followed inside of it. */
function realPath(path: string): string {
  const { stdout } = spawnSync("chroot", [root, "/usr/bin/readlink", "-f", `/${path}`], { encoding: "utf8" });
  return stdout.trim().slice(1);
}

function files(folder: string): readonly string[] {
  const found: string[] = [];
  const pending = [folder];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (entry.isDirectory()) pending.push(join(at, entry.name));
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(relative(root, join(at, entry.name)));
    }
  }
  return found.filter(
    (path) => !/^(?:dev|proc|sys|run|tmp|var\/(?:log|tmp))\/|^etc\/(?:hostname|hosts|resolv\.conf)$|^\.dockerenv$/.test(path),
  );
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) % 2 ** 32;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function withoutFile<T>(path: string, use: () => Promise<T>): Promise<T> {
  const aside = join(work, "aside");
  renameSync(join(root, path), aside);
  try {
    return await use();
  } finally {
    const made = join(root, path);
    if (existsSync(made) && !lstatSync(made).isDirectory()) rmSync(made);
    renameSync(aside, made);
  }
}

/** The checks that tell a difference, when the removal is on the list of changes. */
async function flaggedBy(before: Facts, path: string, runner?: CandidateRunner): Promise<readonly string[]> {
  const after = createFacts({ ...before, layers: [...before.layers, whiteoutOf(path)] });
  const actions = new Map([[path, new Set(["remove"] as const)]]);
  const expected = expectedChanges([before, after], { source: undefined, actions }, { expect: [] });
  const observed = await runner?.observe(path, after);
  const flagged: string[] = [];
  for (const check of chosen) {
    const results = await check.compare({ before, after, expected, ...(observed === undefined ? {} : { observed }) });
    if (results.some(({ verdict }) => verdict === "different")) flagged.push(check.name);
  }
  return flagged;
}

/** A layer that removes one file. */
function whiteoutOf(path: string): Facts["layers"][number] {
  const name = byteStringFromText(path).replace(/([^/]+)$/, ".wh.$1");
  const header = encodeHeader({ typeflag: "0", name, size: 0, mode: 0o600, uid: 0, gid: 0, mtime: 0 });
  const archive = Buffer.concat([header, endOfArchive()]);
  const scanner = new LayerScanner({ wanted: () => undefined, limits: defaultLimits, isPlain: true, programs: true });
  scanner.write(archive, [{ output: archive.length, input: archive.length }]);
  return scanner.finish({ digest: `sha256:${"0".repeat(64)}`, compression: "none", compressedBytes: archive.length });
}

function print(mutations: readonly Mutation[]): void {
  const breaking = mutations.filter(({ breaks }) => breaks);
  const harmless = mutations.filter(({ breaks }) => !breaks);
  const row = (name: string, has: (mutation: Mutation) => boolean): string =>
    `| ${name} | ${breaking.filter(has).length}/${breaking.length} | ${harmless.filter(has).length}/${harmless.length} |`;
  console.log("| check | breaking found | harmless flagged |\n|---|---|---|");
  const wasRun = mutations.some(({ flaggedBy: names }) => names.some((name) => running.has(name)));
  for (const { name } of checks.filter((check) => isStatic(check) || (wasRun && isRunning(check))))
    console.log(row(name, ({ flaggedBy: names }) => names.includes(name)));
  const by = (kind: (check: Check) => boolean): ((mutation: Mutation) => boolean) => {
    const names = new Set(checks.filter(kind).map(({ name }) => name));
    return ({ flaggedBy: flags }) => flags.some((name) => names.has(name));
  };
  console.log(row("without running anything", by(isStatic)));
  if (!wasRun) return;
  console.log(row("by running both", by(isRunning)));
  console.log(row("all of these", ({ flaggedBy: names }) => names.length > 0));
}

function fail(why: string): never {
  throw new Error(why);
}
