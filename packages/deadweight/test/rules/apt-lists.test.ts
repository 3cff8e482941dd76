import assert from "node:assert/strict";
import { test } from "node:test";
import { aptLists } from "../../src/rules/apt-lists.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const lists: readonly TestEntry[] = [
  { path: "var/lib/apt/lists/" },
  { path: "var/lib/apt/lists/lock" },
  { path: "var/lib/apt/lists/partial/" },
  { path: "var/lib/apt/lists/mirror.example_debian_dists_bookworm_InRelease", content: "r" },
  { path: "var/lib/apt/lists/mirror.example_debian_dists_bookworm_main_binary-amd64_Packages.lz4", content: "p" },
];

test("found: the lists, not the lock nor the folders", () => {
  const facts = factsOf([[{ path: "usr/bin/apt-get", content: "elf" }], lists], {
    history: ["FROM debian", "RUN apt-get update"],
  });
  assert.deepEqual(claimedBy(aptLists, facts), [
    "1:var/lib/apt/lists/mirror.example_debian_dists_bookworm_InRelease",
    "1:var/lib/apt/lists/mirror.example_debian_dists_bookworm_main_binary-amd64_Packages.lz4",
  ]);
  assert.deepEqual(
    findingsOf(aptLists, facts).map(({ message, safety, remedy }) => ({ message, safety, remedy })),
    [
      {
        message: "2 files of apt's package lists in layer 1 (RUN apt-get update)",
        safety: "lossless",
        remedy: "deadweight optimize, or add `rm -rf /var/lib/apt/lists/*` to the RUN of layer 1",
      },
    ],
  );
});

test("passed: apt with empty lists, or lists that a later layer removed", () => {
  assert.deepEqual(claimedBy(aptLists, factsOf([lists.slice(0, 3)])), []);
  assert.deepEqual(claimedBy(aptLists, factsOf([lists, [{ path: "var/lib/apt/.wh.lists" }], [{ path: "etc/apt/" }]])), []);
});

test("not applicable: no apt", () => {
  assert.deepEqual(aptLists.evaluate(factsOf([[{ path: "bin/busybox", content: "b" }]])), {
    notApplicable: "there is no apt in the image",
  });
});

test("lists of the base image: an edit of this Dockerfile can't help", () => {
  const layers = [lists, [{ path: "app", content: "a" }]];
  const diffIds = factsOf(layers).image.config.diffIds.slice(0, 1);
  const facts = factsOf(layers, { knownBases: [{ name: "base", diffIds }] });
  assert.deepEqual(
    findingsOf(aptLists, facts).map(({ remedy }) => remedy),
    ["deadweight optimize (the base image brought them)"],
  );
});
