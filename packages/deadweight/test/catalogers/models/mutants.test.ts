import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { array, assert as check, nat, property, tuple } from "fast-check";
import { parseGguf } from "../../../src/catalogers/models/gguf.ts";
import { parseOnnx } from "../../../src/catalogers/models/onnx.ts";
import { parsePytorch } from "../../../src/catalogers/models/pytorch.ts";
import { parseSafetensors } from "../../../src/catalogers/models/safetensors.ts";
import type { Weights } from "../../../src/catalogers/models/weights.ts";

const json = '{"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}';
const zip = `PK\u0003\u0004${"\0".repeat(22)}\u000a\0\0\0m/data.pkl`;
const pickle = "\x80\x02](X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\0kX\u0003\0\0\0cpuK\u0007tQq\u0001h\u00010e.";

const formats: readonly (readonly [
  name: string,
  parse: (head: Uint8Array, size: number) => Weights | undefined,
  file: string,
])[] = [
  ["safetensors", parseSafetensors, `${String.fromCharCode(json.length)}${"\0".repeat(7)}${json}${"\0".repeat(8)}`],
  [
    "GGUF",
    parseGguf,
    `GGUF\u0003\0\0\0\u0001${"\0".repeat(7)}\0${"\0".repeat(7)}\u0001${"\0".repeat(7)}w\u0001\0\0\0\u0008${"\0".repeat(7)}${"\0".repeat(12)}`,
  ],
  ["ONNX", parseOnnx, "\u0008\u0008:\u000c*\u000a\u0008\u0004\u0010\u0001J\u0004\0\0\0\0"],
  ["PyTorch", parsePytorch, `${zip}${pickle}`],
];

suite("weights that were damaged", () => {
  for (const [name, parse, text] of formats) {
    const file = Buffer.from(text, "latin1");

    test(`${name}: whole, it is read`, () => {
      assert.equal(parse(file, file.length)?.problem, undefined);
      assert.ok((parse(file, file.length)?.parameters ?? 0) > 0);
    });

    test(`${name}: with any bytes changed and any end, it is told or refused`, () => {
      const change = tuple(nat(file.length - 1), nat(255));
      check(
        property(array(change, { maxLength: 4 }), nat(file.length), nat(1000), (changes, cut, more) => {
          const mutant = Buffer.from(file);
          for (const [at, byte] of changes) mutant[at] = byte;
          const weights = parse(mutant.subarray(0, cut), cut + more);
          const parameters = weights?.parameters ?? 0;
          return Number.isSafeInteger(parameters) && parameters >= 0;
        }),
        { numRuns: 2000, seed: 1 },
      );
    });
  }
});
