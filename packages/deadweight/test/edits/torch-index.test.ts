import assert from "node:assert/strict";
import { test } from "node:test";
import { torchIndex } from "../../src/edits/torch-index.ts";
import { parseGpus } from "../../src/model/gpu.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";

const index = "--index-url https://mirror.example/whl";

test("without a GPU the index that is named becomes that for CPUs, and uv gets its option", () => {
  assertTruth(
    torchIndex,
    [
      [`RUN pip install ${index}/cu124 torch torchvision`, `RUN pip install ${index}/cpu torch torchvision`],
      [`RUN pip install torch==2.5.1+cu121 \\\n  ${index}/cu121`, `RUN pip install torch==2.5.1+cpu \\\n  ${index}/cpu`],
      ["RUN uv pip install --system torch", "RUN uv pip install --torch-backend=cpu --system torch"],
    ],
    { withoutGpu: true },
  );
  assertUntouched(
    torchIndex,
    [
      "RUN pip install torch",
      `RUN pip install ${index}/cpu torch`,
      `RUN pip install ${index}/cu124 torch\nRUN pip install xformers`,
    ],
    { withoutGpu: true },
  );
  assertUntouched(torchIndex, [`RUN pip install ${index}/cu124 torch`, "RUN uv pip install torch"]);
});

test("where no index is named it says in words what to do", () => {
  const { proposals } = proposalsOf(torchIndex, "FROM a\nRUN pip install torch\n", { withoutGpu: true });
  assert.deepEqual(
    proposals.map(({ replacements }) => replacements),
    [[]],
  );
  assert.match(proposals[0]?.message ?? "", /name PyTorch's index for CPUs/);
});

test("with GPUs a build that lacks one of them becomes one that serves all", () => {
  const world = (gpus: string): object => ({ gpus: { targets: parseGpus(gpus), keepPtx: "none", includeVendor: false } });
  const row = `RUN pip install torch==2.8.0+cu128 ${index}/cu128`;
  assertTruth(torchIndex, [[row, row.replaceAll("cu128", "cu126")]], world("6.1,7.5"));
  assertUntouched(torchIndex, [row], world("7.5,8.6"));
  assertUntouched(torchIndex, [row], world("6.1,12.0"));
  const { notes } = proposalsOf(torchIndex, `FROM a\n${row}\n`, world("6.1,12.0"));
  assert.match(notes[0]?.message ?? "", /no build of torch 2\.8 serves sm_61/);
  assert.match(
    proposalsOf(torchIndex, `FROM a\nRUN pip install torch ${index}/cu128\n`, world("6.1")).notes[0]?.message ?? "",
    /not pinned/,
  );
});
