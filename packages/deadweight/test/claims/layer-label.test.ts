import assert from "node:assert/strict";
import { test } from "node:test";
import { layerLabel, layerLabels } from "../../src/claims/layer-label.ts";
import { factsOf } from "../support/layers.ts";

const facts = factsOf([[{ path: "a" }], [{ path: "b" }], [{ path: "c" }], [{ path: "d" }], [{ path: "e" }]], {
  history: ["ADD rootfs.tar /", "RUN apt-get  update\n&& x", `RUN ${"é".repeat(80)}`, "", "COPY . ."],
});

test("a layer is named by its number and instruction, on one line of bounded length", () => {
  assert.equal(layerLabel(facts, 0), "layer 0 (ADD rootfs.tar /)");
  assert.equal(layerLabel(facts, 1), "layer 1 (RUN apt-get update && x)");
  assert.equal(layerLabel(facts, 2), `layer 2 (RUN ${"é".repeat(55)}…)`);
  assert.equal(layerLabel(facts, 3), "layer 3");
});

test("of many the layers that come most are named first, each once", () => {
  assert.equal(layerLabels(facts, [4, 0, 0, 4, 0]), "layer 0 (ADD rootfs.tar /) and layer 4 (COPY . .)");
  assert.equal(
    layerLabels(facts, [3, 0, 4, 1, 1]),
    "layer 1 (RUN apt-get update && x), layer 0 (ADD rootfs.tar /), layer 3 and 1 more",
  );
});
