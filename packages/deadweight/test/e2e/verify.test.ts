import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { verify, type Verdict } from "../../src/index.ts";
import { runningVerdicts } from "../support/e2e-observed.ts";
import { buildCandidate, buildServed, type Fault, removeImages } from "../support/e2e-served.ts";
import { docker } from "../support/engine.ts";
import { removeLeftovers } from "../support/engine-names.ts";
import { leftInEngine } from "../support/running.ts";
import { takeTurn } from "../support/take-turn.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { withoutEngine } from "../support/tools.ts";

// Whoever connects takes away what killed runs left, of other tests too.
const release = await takeTurn("containers");

const skip = withoutEngine();
const folder = temporaryFolder();
const environment = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
const images: string[] = [];
let original = "";

before(async () => {
  if (skip !== false) return;
  await removeLeftovers();
  original = await buildServed("served");
  images.push(original);
});

after(async () => {
  if (skip === false) await removeImages(images);
  release();
});

/** The engine of these tests may have no bridge; the service listens on the loopback alone. */
const run = { network: "host", port: 8765, startTimeout: "20s", stopTimeout: "2s" };
const ready = { path: "/health", json: { "$.status": "ok" } };
const probes = [
  { name: "items", http: { path: "/items" } },
  { name: "native", http: { path: "/native" } },
  { name: "version", command: ["python3", "-c", "import sys; print(sys.version)"] },
  { name: "sum", arguments: ["python3", "-c", "print(0.1 + 0.2)"], compare: { as: "number", tolerance: 0.01 } },
];
const functional = ["start", "health", "http", "command", "logs", "shutdown"];

async function candidate(faults: readonly Fault[], steps = ""): Promise<string> {
  const name = await buildCandidate(original, faults, steps);
  images.push(name);
  return name;
}

function saidOf(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts.map(({ check, subject, verdict }) => [check, subject, verdict].filter(Boolean).join(" "));
}

async function differing(image: string, service: object = { ...run, ready, probes }): Promise<readonly string[]> {
  const verdicts = await runningVerdicts([original, image], functional, service);
  return saidOf(verdicts.filter(({ verdict }) => verdict === "different"));
}

test("an equal candidate, in an archive that the engine has not got, passes every check", { skip }, async () => {
  const equal = await candidate([], "LABEL an=other");
  const archive = join(folder, "equal.tar");
  await docker("save", "--output", archive, equal);
  await docker("image", "rm", equal);
  const config = join(folder, "deadweight.yaml");
  writeFileSync(config, JSON.stringify({ services: { api: { ...run, ready, probes } } }));
  const only = [...functional, "python-imports"];
  const options = { environment, signal: new AbortController().signal, insecure: [], isStatic: false, expect: [], require: [] };
  const left = await leftInEngine(docker);
  const { passed, verdicts } = await verify(`docker:${original}`, `docker-archive:${archive}`, { ...options, only, config });
  assert.deepEqual(saidOf(verdicts), [
    "command version same",
    "command sum same",
    "health same",
    "http items same",
    "http native same",
    "logs same",
    "python-imports same",
    "shutdown same",
    "start same",
  ]);
  assert.equal(passed, true);
  const reasons = verdicts.map(({ reason }) => reason ?? "");
  assert.match(reasons[3] ?? "", /^status 200, \d+ bytes, without \$\.items\[0\]\.at/);
  assert.match(reasons[6] ?? "", /^2\d\d modules$/);
  assert.equal(await leftInEngine(docker), left, "the loaded image is gone");
});

test("an answer that is another, and a library that is only loaded for it", { skip }, async () => {
  assert.deepEqual(await differing(await candidate(["body"])), ["http items different"]);
  const native = await candidate([], 'RUN ["python3", "-c", "import os; os.unlink(\'/opt/lib/libonly.so\')"]');
  assert.deepEqual(await differing(native), ["http native different"]);
});

test("a module in C that lost its library, and one that crashes", { skip }, async () => {
  const lose = "import glob, os; [os.unlink(path) for path in glob.glob('/usr/lib/x86_64-linux-gnu/libbz2.so*')]";
  const crash = "open('/usr/lib/python3.11/colorsys.py', 'w').write('import os; os.kill(os.getpid(), 11)')";
  const broken = await candidate([], `RUN ["python3", "-c", "${lose}; ${crash}"]`);
  const [verdict] = await runningVerdicts([original, broken], ["python-imports"], {});
  assert.deepEqual(verdict?.details, [
    "_bz2: ImportError: libbz2.so.1.0: cannot open shared object file: No such file or directory",
    "bz2: ImportError: libbz2.so.1.0: cannot open shared object file: No such file or directory",
    "colorsys: ended by signal 11",
  ]);
});

test("a stop signal that is ignored, and an error in the logs", { skip }, async () => {
  assert.deepEqual(await differing(await candidate(["deaf"])), ["shutdown different"]);
  assert.deepEqual(await differing(await candidate(["noisy"])), ["logs different"]);
});

test("a health check that never passes, a program that ends", { skip }, async () => {
  const service = { ...run, ready, startTimeout: "3s" };
  assert.deepEqual(await differing(await candidate(["sick"]), service), ["health different"]);
  assert.deepEqual(await differing(await candidate(["dead"]), service), [
    "health different",
    "logs different",
    "start different",
  ]);
  const asks = "import urllib.request as u; u.urlopen('http://127.0.0.1:8765/health').read().index(b'ok')";
  const healthCheck = ["python3", "-c", asks];
  const verdicts = await runningVerdicts([original, original], ["health"], { ...run, probes: [] }, healthCheck);
  assert.deepEqual(verdicts[0]?.reason, "ready by health check");
});

test("a third slower to start and a leak are told from the noise", { skip }, async () => {
  const measured = ["start-up", "memory"];
  const service = {
    ...run,
    environment: { DELAY: "1" },
    ready,
    probes: probes.slice(0, 1),
    measure: { rounds: 7, requests: 20, tolerance: 0.1 },
  };
  const verdicts = await runningVerdicts([original, await candidate(["slow", "leak"])], measured, service);
  const of = (check: string): Verdict | undefined => verdicts.find((verdict) => verdict.check === check);
  assert.equal(of("start-up")?.verdict, "different", JSON.stringify(of("start-up")));
  assert.equal(of("memory")?.verdict, "different", JSON.stringify(of("memory")));
});

test("equal candidates are not called slower, however noisy the machine", { skip }, async () => {
  const service = { ...run, ready, probes: probes.slice(0, 1), measure: { rounds: 3 } };
  const verdicts = await runningVerdicts([original, original], ["start-up", "latency", "memory"], service);
  assert.deepEqual(
    verdicts.filter(({ verdict }) => verdict === "different"),
    [],
  );
});

test("nothing is left behind after 20 interrupted runs", { skip }, async () => {
  const left = await leftInEngine(docker);
  const temporary = join(folder, "temporary");
  mkdirSync(temporary);
  const program = join(import.meta.dirname, "../../src/bin.ts");
  const argv = [program, "verify", `docker:${original}`, `docker:${original}`, "--only", "start", "--only", "shutdown", "-q"];
  let stopped = 0;
  const interrupted = async (afterMs: number): Promise<void> => {
    const child = spawn(process.execPath, argv, { stdio: "ignore", env: { ...environment, TMPDIR: temporary } });
    const timer = setTimeout(() => child.kill(afterMs % 2 === 0 ? "SIGINT" : "SIGTERM"), afterMs);
    await once(child, "exit");
    clearTimeout(timer);
    if (child.exitCode === 130 || child.exitCode === 143) stopped++;
  };
  for (let round = 0; round < 10; round++) {
    await Promise.all([interrupted(300 + round * 400), interrupted(505 + round * 400)]);
  }
  assert.ok(stopped >= 10, `${stopped} of 20 were stopped`);
  assert.equal(await leftInEngine(docker), left);
  assert.deepEqual(readdirSync(temporary), []);
});
