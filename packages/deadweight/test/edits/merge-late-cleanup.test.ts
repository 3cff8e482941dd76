import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeLateCleanup } from "../../src/edits/merge-late-cleanup.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

const pycache = "find / -name __pycache__ -exec rm -rf {} +";

test("a cleanup moves to where the bytes come from", () => {
  assertTruth(mergeLateCleanup, [
    [`RUN pip install a\nRUN ${pycache}`, `RUN pip install a && ${pycache}`],
    [
      "RUN pip install a\nRUN find /usr -name '*.pyc' -delete\nCMD x",
      "RUN pip install a && find /usr -name '*.pyc' -delete\nCMD x",
    ],
    [
      `RUN pip install a\nCOPY b c\nRUN pip install d\nRUN ${pycache}`,
      `RUN pip install a && ${pycache}\nCOPY b c\nRUN pip install d && ${pycache}`,
    ],
    [
      "RUN apt-get update && apt-get install -y a\nLABEL x=y\nRUN apt-get clean && rm -rf /var/lib/apt/lists/*",
      "RUN apt-get update && apt-get install -y a && apt-get clean && rm -rf /var/lib/apt/lists/*\nLABEL x=y",
    ],
    [
      "RUN apt-get install -y gcc && make\nRUN apt-get purge -y gcc && apt-get autoremove -y",
      "RUN apt-get install -y gcc && make && apt-get purge -y gcc && apt-get autoremove -y",
    ],
    ["RUN pip install a\nRUN rm -rf /root/.cache/pip || true", "RUN pip install a && { rm -rf /root/.cache/pip || true; }"],
    [
      "RUN pip install a\nRUN rm -rf /root/.cache; pip cache purge",
      "RUN pip install a && { rm -rf /root/.cache; pip cache purge; }",
    ],
    ["RUN set -e; conda install -y a\nRUN conda clean -afy", "RUN set -e; conda install -y a; conda clean -afy"],
    [
      "RUN wget https://m.example/a.tgz -O /tmp/a.tgz && tar xf /tmp/a.tgz\nRUN rm /tmp/a.tgz",
      "RUN wget https://m.example/a.tgz -O /tmp/a.tgz && tar xf /tmp/a.tgz && rm /tmp/a.tgz",
    ],
    [
      "RUN pip install a\nRUN find / -name '*.pyc' \\\n      -delete && \\\n    rm -rf /root/.cache",
      "RUN pip install a && find / -name '*.pyc' \\\n      -delete && \\\n    rm -rf /root/.cache",
    ],
  ]);
});

test("it stays where the order or the place matters", () => {
  assertUntouched(mergeLateCleanup, [
    "COPY a.tgz /tmp/\nRUN rm /tmp/a.tgz",
    `RUN ls\nRUN ${pycache}`,
    `RUN pip install a\nUSER app\nRUN ${pycache}`,
    `RUN pip install a\nSHELL ["/bin/bash", "-c"]\nRUN ${pycache}`,
    "RUN apt-get install -y gcc\nRUN make\nRUN apt-get purge -y gcc",
    "RUN apt-get install -y gcc\nCOPY a b\nRUN apt-get purge -y gcc",
    "RUN apt-get update && apt-get install -y a\nRUN apt-get install -y b || true\nRUN rm -rf /var/lib/apt/lists/*",
    "RUN --mount=type=cache,target=/root/.cache pip install a\nRUN rm -rf /root/.cache/pip",
    "RUN pip install a\nENV D=/x\nRUN rm -rf /root/.cache $D",
    "RUN pip install a || true\nRUN rm -rf /root/.cache",
    "RUN pip install a\nRUN rm -rf /root/.cache && make",
    "RUN pip install a\nRUN make && rm -rf /root/.cache",
    `RUN pip install a\nRUN if x; then ${pycache}; make; fi`,
    "RUN pip install a && rm -rf /root/.cache",
    "RUN <<EOF\nrm -rf /root/.cache\nEOF",
  ]);
});

test("what can't move is said", () => {
  const { proposals, notes } = proposalsOf(mergeLateCleanup, "FROM a\nCOPY a.tgz /tmp/\nRUN rm /tmp/a.tgz\n");
  assert.equal(proposals.length, 0);
  assert.match(notes[0]?.message ?? "", /frees nothing/);
});

test("with the image it moves to the layers that hold the bytes alone, and names them", () => {
  const facts = factsOf(
    [
      [{ path: "usr/base", content: "x" }],
      [{ path: "usr/a/__pycache__/a.pyc", content: "a" }],
      [{ path: "usr/b/b.py", content: "b" }],
      [{ path: "usr/a/.wh.__pycache__", content: "" }],
    ],
    { history: ["FROM a", "RUN pip install a", "RUN pip install b", "RUN find"] },
  );
  const text = `FROM a\nRUN pip install a\nRUN pip install b\nRUN ${pycache}\n`;
  const [proposal] = proposalsOf(mergeLateCleanup, text, { facts, layers: { 2: [1], 3: [2], 4: [3] } }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  assert.deepEqual(
    proposal.replacements.map(({ start }) => text.slice(0, start).split("\n").length),
    [2, 4],
  );
  assert.deepEqual(
    proposal.saving.claims.map(({ entry }) => textOf(facts.get(fileTree).path(entry))),
    ["usr/a/__pycache__/a.pyc"],
  );
});
