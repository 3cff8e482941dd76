import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { TensorTally, weightsInWords } from "../../../src/catalogers/models/weights.ts";

suite("weights in words", () => {
  const count = (parameters: number): string => weightsInWords([{ format: "safetensors", dtypes: ["F16"], parameters }]);
  const cases: readonly (readonly [parameters: number, words: string])[] = [
    [0, "0 parameters"],
    [999, "999 parameters"],
    [1000, "1 k parameters"],
    [309_633, "310 k parameters"],
    [999_600, "1 M parameters"],
    [7_615_616_512, "7.62 B parameters"],
    [1_500_000_000, "1.5 B parameters"],
    [999_600_000, "1 B parameters"],
    [671_026_419_200, "671 B parameters"],
    [1_026_000_000_000, "1026 B parameters"],
  ];
  for (const [parameters, words] of cases) test(words, () => assert.equal(count(parameters), `safetensors, F16, ${words}`));

  test("the parts of a model add up, formats stay apart", () => {
    const words = weightsInWords([
      { format: "safetensors", dtypes: ["BF16"], parameters: 4_000_000_000 },
      { format: "PyTorch", dtypes: ["F32", "I64"], parameters: 124_000_000 },
      { format: "safetensors", dtypes: ["BF16", "F32"], parameters: 4_030_000_000 },
    ]);
    assert.equal(words, "safetensors, BF16 and F32, 8.03 B parameters; PyTorch, F32 and I64, 124 M parameters");
  });

  test("one part that is not known makes the sum unknown", () => {
    const words = weightsInWords([
      { format: "GGUF", architecture: "llama", dtypes: ["Q4_K_M"], parameters: 10 },
      { format: "GGUF", dtypes: [] },
    ]);
    assert.equal(words, "GGUF llama, Q4_K_M, parameters unknown");
  });
});

test("a tally has the most frequent type first", () => {
  const tally = new TensorTally();
  tally.add("F32", 10);
  tally.add("F16", 50);
  tally.add("F32", 20);
  assert.deepEqual(tally.dtypes, ["F16", "F32"]);
  assert.equal(tally.parameters, 80);
});
