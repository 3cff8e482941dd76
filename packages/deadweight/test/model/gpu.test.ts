import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { parseGpus, printCapability } from "../../src/model/gpu.ts";

function capabilities(text: string): readonly number[] {
  return parseGpus(text).map(({ capability }) => capability);
}

const known: Readonly<Record<string, readonly number[]>> = {
  "GTX 1050 Ti,RTX 2080 Ti": [61, 75],
  "RTX 2080 Ti, GTX 1050 Ti": [61, 75],
  "sm_61,sm_75": [61, 75],
  "6.1": [61],
  compute_86: [86],
  sm_90a: [90],
  "12.0": [120],
  sm_103: [103],
  "2080ti": [75],
  "NVIDIA GeForce RTX 3090": [86],
  "Tesla T4": [75],
  "NVIDIA A100-SXM4-40GB": [80],
  "NVIDIA H100 80GB HBM3": [90],
  "Quadro RTX 6000": [75],
  "RTX 6000 Ada": [89],
  A6000: [86],
  "RTX 3090, RTX 3080": [86],
};

for (const [text, gpus] of Object.entries(known)) {
  test(`${text} is ${gpus.map(printCapability).join(" and ")}`, () => assert.deepEqual(capabilities(text), gpus));
}

test("GPUs of one capability are one target with both names", () => {
  assert.deepEqual(parseGpus("RTX 3090, RTX 3080"), [{ capability: 86, name: "RTX 3090, RTX 3080" }]);
});

const wrong: Readonly<Record<string, RegExp>> = {
  "RTX 2080 Tu": /did you mean "RTX 2080/,
  "GTX 1050 Ti,": /lists names/,
  banana: /lists names/,
  "6.3": /known are: 5\.0, 5\.2, 6\.0/,
  "RTX 6000": /say which: Quadro RTX 6000 \(7\.5\), RTX 6000 Ada \(8\.9\)/,
  "RTX 5000": /say which/,
};

for (const [text, hint] of Object.entries(wrong)) {
  test(`${JSON.stringify(text)} is refused with a hint`, () => {
    assert.throws(
      () => parseGpus(text),
      (error: unknown) => error instanceof UserError && error.exitCode === 2 && hint.test(error.hint ?? ""),
    );
  });
}
