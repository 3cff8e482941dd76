import assert from "node:assert/strict";
import { test } from "node:test";
import { gitDepth } from "../../src/edits/git-depth.ts";
import { assertTruth, assertUntouched, edited, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("clones get a depth", () => {
  assertTruth(gitDepth, [
    ["RUN git clone https://mirror.example/x", "RUN git clone --depth 1 https://mirror.example/x"],
    [
      "RUN git -C /opt clone --recursive -b v1 $URL x && make",
      "RUN git -C /opt clone --depth 1 --recursive -b v1 $URL x && make",
    ],
  ]);
});

test("they are left where the history is used, or is not brought", () => {
  assertUntouched(gitDepth, [
    "RUN git clone --depth=1 https://mirror.example/x",
    "RUN git clone --filter=blob:none https://mirror.example/x",
    "RUN git clone https://mirror.example/x && cd x && git checkout 1234abc",
    "RUN git clone https://mirror.example/x\nRUN cd x && git describe",
    "RUN git clone https://mirror.example/x && pip install ./x",
    "RUN git clone https://mirror.example/x && cd x && pip install -e .",
    "RUN git clone https://mirror.example/x && cd x && python setup.py install",
    "RUN git clone /src x",
    "RUN git init",
  ]);
});

test("with the image what packs hold beyond the files that are checked out is saved at least", () => {
  const text = "FROM debian\nRUN git clone https://mirror.example/x /opt/x\n";
  const savedOf = (packBytes: number): number => {
    const facts = factsOf([
      [{ path: "opt/x/of-another-layer", content: "x".repeat(50_000) }],
      [
        { path: "opt/x/run.sh", content: "x".repeat(5000) },
        { path: "opt/x/.git/HEAD", content: "ref: refs/heads/main\n" },
        { path: "opt/x/.git/objects/pack/pack-1.pack", content: "x".repeat(packBytes) },
        { path: "opt/x/.git/objects/pack/pack-1.idx", content: "x".repeat(9000) },
      ],
    ]);
    const [proposal] = proposalsOf(gitDepth, text, { facts, layers: { 2: [1] } }).proposals;
    assert.ok(proposal && "bytes" in proposal.saving);
    return proposal.saving.bytes;
  };
  // In a tar a header of 512 bytes and content in blocks of 512.
  assert.equal(savedOf(20_480), 512 + 20_480 - (512 + 5120));
  assert.equal(savedOf(1024), 0);
  const without = factsOf([[{ path: "opt/x/run.sh", content: "x" }]]);
  assert.equal(edited(gitDepth, text, { facts: without, layers: { 2: [0] } }), text);
});
