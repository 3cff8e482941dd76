import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "../../src/contracts/fact.ts";
import { lateCleanup } from "../../src/rules/late-cleanup.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

/** Facts of an image whose lowest layers are those of a known base. */
function imageOn(base: number, layers: readonly (readonly TestEntry[])[], history: readonly string[]): Facts {
  const diffIds = factsOf(layers).image.config.diffIds.slice(0, base);
  return factsOf(layers, { history, knownBases: base === 0 ? [] : [{ name: "debian", diffIds }] });
}

const system: readonly TestEntry[] = [{ path: "usr/" }, { path: "usr/share/" }, { path: "usr/share/doc", content: "d" }];
const lists: readonly TestEntry[] = [
  { path: "var/lib/apt/lists/" },
  { path: "var/lib/apt/lists/main", content: "x".repeat(900) },
  { path: "usr/bin/tool", content: "t" },
];

test("a cleanup of what an earlier RUN brought names both", () => {
  const facts = imageOn(
    1,
    [system, lists, [{ path: "var/lib/apt/lists/.wh.main" }]],
    ["FROM debian", "RUN apt-get update && apt-get install -y tool", "RUN rm -rf /var/lib/apt/lists/*"],
  );
  const [finding, ...more] = findingsOf(lateCleanup, facts);
  assert.equal(more.length, 0);
  assert.equal(
    finding?.message,
    "layer 2 (RUN rm -rf /var/lib/apt/lists/*) removes 1 file that layer 1 (RUN apt-get update && apt-get install -y tool) brought: /var/lib/apt/lists/main",
  );
  assert.equal(finding?.remedy, "move the cleanup of layer 2 into the RUN of layer 1");
  assert.equal(finding?.safety, "verified");
  assert.deepEqual(finding && claimedPaths(finding, facts), ["1:var/lib/apt/lists/main"]);
});

test("a folder counts with all below it, an emptied one with what was in it", () => {
  const removed = imageOn(1, [system, lists, [{ path: "var/lib/apt/.wh.lists" }]], ["FROM debian", "RUN one", "RUN two"]);
  assert.deepEqual(claimedBy(lateCleanup, removed), ["1:var/lib/apt/lists", "1:var/lib/apt/lists/main"]);
  const emptied = imageOn(
    1,
    [system, lists, [{ path: "var/lib/apt/lists/.wh..wh..opq" }]],
    ["FROM debian", "RUN one", "RUN two"],
  );
  assert.deepEqual(claimedBy(lateCleanup, emptied), ["1:var/lib/apt/lists/main"]);
});

test("files that a COPY brought only to be removed are to be mounted", () => {
  const facts = imageOn(
    1,
    [system, [{ path: "tmp/x.whl", content: "w" }], [{ path: "tmp/.wh.x.whl" }]],
    ["FROM debian", "COPY x.whl /tmp/", "RUN pip install /tmp/x.whl && rm /tmp/x.whl"],
  );
  assert.deepEqual(
    findingsOf(lateCleanup, facts).map(({ remedy }) => remedy),
    ["bring the files with RUN --mount=type=bind, or leave them in a build stage, in place of layer 1"],
  );
});

test("what the base image brought is a finding apart: moving the cleanup can't help", () => {
  const facts = imageOn(
    1,
    [system, lists, [{ path: "usr/share/.wh.doc" }, { path: "var/lib/apt/lists/.wh.main" }]],
    ["FROM debian", "RUN install", "RUN clean"],
  );
  assert.deepEqual(
    findingsOf(lateCleanup, facts).map((finding) => [finding.message, finding.safety, claimedPaths(finding, facts)]),
    [
      [
        "layer 2 (RUN clean) removes 1 file that layer 1 (RUN install) brought: /var/lib/apt/lists/main",
        "verified",
        ["1:var/lib/apt/lists/main"],
      ],
      [
        "layer 2 (RUN clean) removes 1 file of the base image, where moving the cleanup can't help: /usr/share/doc",
        "lossless",
        ["0:usr/share/doc"],
      ],
    ],
  );
});

test("left alone: what the base image itself cleaned up, and what was overwritten", () => {
  const cleaned = imageOn(3, [system, lists, [{ path: "usr/share/.wh.doc" }], [{ path: "a" }]], ["FROM x", "a", "b", "RUN c"]);
  assert.deepEqual(claimedBy(lateCleanup, cleaned), []);
  const overwritten = imageOn(1, [system, lists, [{ path: "usr/bin/tool", content: "u" }]], ["FROM x", "RUN a", "RUN b"]);
  assert.deepEqual(claimedBy(lateCleanup, overwritten), []);
});

test("an image of one layer can't clean up late", () => {
  assert.deepEqual(lateCleanup.evaluate(factsOf([system])), { notApplicable: "the image has one layer" });
});
