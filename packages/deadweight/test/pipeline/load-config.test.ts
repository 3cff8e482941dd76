import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/pipeline/load-config.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const file = join(folder, "deadweight.yaml");

/** What is said of a configuration, without the name of its file. */
async function saidOf(text: string): Promise<readonly string[]> {
  writeFileSync(file, text);
  return loadConfig(file).then(
    () => [],
    (error: Error) => error.message.split("\n").map((line) => line.replace(`${file}:`, "")),
  );
}

test("the GPUs that images are for, by their names", async () => {
  writeFileSync(file, "gpus: [RTX 2080 Ti, sm_61, GTX 1080]\nservices: {}\n");
  const { gpus } = await loadConfig(file);
  assert.deepEqual(
    gpus?.map(({ capability }) => capability),
    [61, 75],
  );
  const [first = "", second] = await saidOf("gpus:\n  - sm_86\n  - RTX 2080 To\nservices: {}\n");
  assert.match(first, /^3:5: gpus\.1: gpu "RTX 2080 To": not known; did you mean "RTX 2080 Ti" \(7\.5\)\?/);
  assert.equal(second, undefined);
  assert.deepEqual(await saidOf("gpu: [sm_86]\nservices: {}\n"), ['1:1: gpu: not a key that is known; did you mean "gpus"?']);
});

test("times, sizes and folders become numbers and absolute paths, and what is absent gets its default", async () => {
  writeFileSync(
    file,
    `services:
  api:
    memory: 2GB
    stopTimeout: 1.5s
    mounts: [{ source: models, target: /models }, { source: ~/cache, target: /cache, readOnly: false }]
    probes: [{ name: home, http: { path: / } }, { name: version, arguments: [--version] }]
    measure: { bandwidth: 12.5MB/s }
    budgets: { latency: 200ms, pull: 1m }
`,
  );
  const api = (await loadConfig(file)).services["api"];
  assert.deepEqual(
    [api?.memory, api?.stopTimeout, api?.budgets.latency, api?.startTimeout, api?.pids],
    [2e9, 1500, 200, 60_000, 512],
  );
  assert.deepEqual([api?.measure.bandwidth, api?.budgets.pull], [100e6, 60_000]);
  assert.deepEqual(api?.mounts, [
    { source: join(folder, "models"), target: "/models", readOnly: true },
    { source: join(homedir(), "cache"), target: "/cache", readOnly: false },
  ]);
  assert.deepEqual(
    api?.probes.map(({ name, http, timeout, compare }) => [name, http?.method, timeout, compare.as]),
    [
      ["home", "GET", 30_000, "auto"],
      ["version", undefined, 30_000, "auto"],
    ],
  );
});

test("each thing that is wrong is said with its place, and with the key that was meant", async () => {
  assert.deepEqual(
    await saidOf(`services:
  api:
    prot: 80
    startTimeout: 30 seconds
    probes:
      - name: home
        http: { path: /, metod: GET }
      - name: x
      - { name: y, command: [a], compare: { ignore: [$.a..b], pattern: "(" } }
    zzzzzzzzzz: 1
`),
    [
      '3:5: services.api.prot: not a key that is known; did you mean "port"?',
      "4:5: services.api.startTimeout: write a time as 500ms, 10s or 2m",
      '7:26: services.api.probes.0.http.metod: not a key that is known; did you mean "method"?',
      "8:9: services.api.probes.1: needs one of http, command and arguments",
      "9:54: services.api.probes.2.compare.ignore.0: write a path as $.items[*].id",
      "9:63: services.api.probes.2.compare.pattern: is no regular expression",
      "10:5: services.api.zzzzzzzzzz: not a key that is known",
    ],
  );
});

test("what is no YAML, no map or an alias bomb is an error of the configuration", async () => {
  assert.match((await saidOf("services: [\n  a: &x\n")).join("\n"), /^2:\d+: /);
  assert.deepEqual(await saidOf("services: 1\nservices: 2\n"), ["2:1: Map keys must be unique"]);
  assert.match((await saidOf("")).join("\n"), /^1:1: the file: /);
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (const [from, to] of ["ab", "bc", "cd", "de", "ef"].map((pair) => pair.split("")))
    bomb.push(`${to}: &${to} [${`*${from}, `.repeat(9)}]`);
  assert.match((await saidOf(bomb.join("\n"))).join("\n"), /alias/i);
  writeFileSync(file, "services: {}\n");
  await assert.rejects(loadConfig(join(folder, "none.yaml")), { code: "unreadable" });
});
