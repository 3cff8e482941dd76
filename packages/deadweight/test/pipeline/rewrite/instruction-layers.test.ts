import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/dockerfile/parse-dockerfile.ts";
import { instructionLayers } from "../../../src/pipeline/rewrite/instruction-layers.ts";
import { factsOf } from "../../support/layers.ts";

/** Layers by the line of their instruction; the image has a layer for each row. */
function layersOf(text: string, history: readonly string[]): Record<number, readonly number[]> {
  const file = parseDockerfile(text);
  const facts = factsOf(
    history.map((_, index) => [{ path: `${index}`, content: "x" }]),
    { history },
  );
  const layers = instructionLayers(facts, file, file.stages, {});
  return Object.fromEntries(
    file.instructions.flatMap(({ start, line }) => (layers.has(start) ? [[line, layers.get(start) ?? []]] : [])),
  );
}

test("heredocs, build arguments and joined lines are found as BuildKit notes them", () => {
  const text =
    "FROM a\nARG V\nRUN <<EOF\n  one\n  two\nEOF\nRUN cat <<A >x && \\\n  y\nbody\nA\nRUN --mount=type=cache,target=/c z\nCOPY <<E /etc/x\nhi\nE\n";
  const history = [
    "ADD rootfs.tar.xz / # buildkit",
    "RUN |1 V=1 /bin/sh -c   one\n  two\n # buildkit",
    "RUN |1 V=1 /bin/sh -c cat <<A >x &&   y\nbody\nA # buildkit",
    "RUN |1 V=1 /bin/sh -c z # buildkit",
    "COPY <<E /etc/x # buildkit",
  ];
  assert.deepEqual(layersOf(text, history), { 3: [1], 7: [2], 11: [3], 12: [4] });
});

test("an instruction that the image does not have gets no layer, and moves none", () => {
  assert.deepEqual(
    layersOf("FROM a\nRUN one\nRUN new\nRUN two\n", [
      "ADD x /",
      "RUN /bin/sh -c one # buildkit",
      "RUN /bin/sh -c two # buildkit",
    ]),
    {
      2: [1],
      4: [2],
    },
  );
});

test("of two rows that say the same the one of the base image comes before", () => {
  const row = "RUN /bin/sh -c apt-get update # buildkit";
  assert.deepEqual(layersOf("FROM a\nRUN apt-get update\n", [row, row]), { 2: [1] });
});

test("a history that has not as many rows with layers as the image has layers tells nothing", () => {
  const facts = factsOf([[{ path: "a", content: "x" }]], { history: ["RUN /bin/sh -c a # buildkit"] });
  const [row] = facts.image.config.history;
  assert.ok(row);
  const config = { ...facts.image.config, history: [row, { ...row, createdBy: "RUN /bin/sh -c b # buildkit" }] };
  const file = parseDockerfile("FROM a\nRUN a\nRUN b\n");
  assert.deepEqual([...instructionLayers({ ...facts, image: { ...facts.image, config } }, file, file.stages, {})], []);
});

test("of a copy the source counts where it is noted, and the destination as the working folder makes it", () => {
  const text = "FROM a\nWORKDIR /srv\nCOPY a ./\nCOPY b ./\nADD c .\n";
  const rows = ["WORKDIR /srv", "COPY b /srv/ # buildkit", `/bin/sh -c #(nop) ADD file:${"ab".repeat(32)} in /srv `];
  assert.deepEqual(layersOf(text, rows), { 2: [0], 4: [1], 5: [2] });
});
