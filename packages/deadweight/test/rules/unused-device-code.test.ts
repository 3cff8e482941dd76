import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGpus, type GpuChoice } from "../../src/model/gpu.ts";
import { unusedDeviceCode } from "../../src/rules/unused-device-code.ts";
import { deviceElf } from "../support/device-elf.ts";
import { containersFrom } from "../support/fatbins.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedPaths, contentClaimedBy, findingsOf } from "../support/rule-claims.ts";

const code = "p75 e80 e86, e80 e86, e90a";
const library = deviceElf(code);
const app: TestEntry = { path: "opt/libapp.so", content: library };

function choiceOf(gpus: string): GpuChoice {
  return { targets: parseGpus(gpus), keepPtx: "none", includeVendor: false };
}

test("images that no named GPU takes are claimed to the byte", () => {
  const facts = factsOf([[app]], { gpus: choiceOf("8.6") });
  const [finding, ...more] = findingsOf(unusedDeviceCode, facts);
  assert.deepEqual(more, []);
  assert.equal(finding?.safety, "verified");
  assert.deepEqual(finding && claimedPaths(finding, facts), ["0:opt/libapp.so"]);
  // An image has a header of 64, 72 or 80 bytes by its place in the container, and 4096 bytes and 8 for each before it.
  const unneeded = 64 + 4096 + (72 + 4096 + 8) + (64 + 4096);
  assert.equal(contentClaimedBy(unusedDeviceCode, facts), unneeded);
  const [claim] = finding?.claims ?? [];
  assert.deepEqual(
    claim?.ranges?.map(([start]) => library.subarray(start, start + 2).readUInt16LE(0)),
    [1, 2],
  );
  assert.equal(claim?.basis, "measured");
});

test("without --gpus nothing is claimed, and each choice is told", () => {
  const [finding, ...more] = findingsOf(unusedDeviceCode, factsOf([[app]]));
  assert.deepEqual([more, finding?.claims], [[], []]);
  assert.match(finding?.message ?? "", /compute_75, sm_80, sm_86 and sm_90a; .*, 8\.6 12\.5 kB .*, 9\.0 /);
  assert.doesNotMatch(finding?.message ?? "", / 6\.1 /);
});

test("a GPU that a library has nothing for is named", () => {
  const facts = factsOf([[app]], { gpus: choiceOf("GTX 1050 Ti,8.6") });
  const messages = findingsOf(unusedDeviceCode, facts).map(({ message }) => message);
  assert.deepEqual(messages, [
    "code for other GPUs than sm_61 and sm_86 in 1 file: /opt/libapp.so",
    "nothing for GTX 1050 Ti (sm_61) in 1 file: /opt/libapp.so",
  ]);
  const alone = findingsOf(unusedDeviceCode, factsOf([[app]], { gpus: choiceOf("6.1") }));
  assert.deepEqual(
    alone.map(({ message, claims }) => [message, claims.length]),
    [["nothing for sm_61 in 1 file: /opt/libapp.so", 0]],
  );
});

test("NVIDIA's own libraries are a finding apart, by name alone", () => {
  const wheel = pythonEntries("nvidia-cublas-cu12", "12.1", ["nvidia/cublas/lib/libcublas.so.12"]).map((entry) =>
    entry.path.includes(".so") ? { ...entry, content: library } : entry,
  );
  const findings = findingsOf(unusedDeviceCode, factsOf([[app, ...wheel]], { gpus: choiceOf("8.6") }));
  assert.deepEqual(
    findings.map(({ safety, claims }) => [safety, claims.length]),
    [
      ["verified", 1],
      ["opt-in", 1],
    ],
  );
});

test("a section that can't be taken apart is named, and nothing is said of its GPUs", () => {
  const riddle = deviceElf(code, { change: (file, { containers }) => file.writeUInt16LE(9, (containers[1] ?? 0) + 4) });
  for (const options of [{}, { gpus: choiceOf("8.6") }, { gpus: choiceOf("6.1") }]) {
    assert.deepEqual(
      findingsOf(unusedDeviceCode, factsOf([[{ path: "a.so", content: riddle }]], options)).map(({ message }) => message),
      ["code for GPUs in 1 file that could not be weighed, /a.so: the section .nv_fatbin has bytes that are no container"],
    );
  }
});

test("an image without device code, or with containers in other sections, says nothing", () => {
  const elsewhere = deviceElf(containersFrom("e86"), {
    change: (file, { headerOf }) => file.writeUInt32LE(file.readUInt32LE(headerOf(".text")), headerOf(".nv_fatbin")),
  });
  for (const content of ["no ELF file", elsewhere]) {
    const verdict = unusedDeviceCode.evaluate(factsOf([[{ path: "a", content }]]));
    assert.deepEqual(verdict, { notApplicable: "no device code in the image" });
  }
});
