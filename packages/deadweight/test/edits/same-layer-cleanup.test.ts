import assert from "node:assert/strict";
import { test } from "node:test";
import { sameLayerCleanup } from "../../src/edits/same-layer-cleanup.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { assertTruth, assertUntouched, edited, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("what a package manager fetched goes in the same RUN", () => {
  assertTruth(sameLayerCleanup, [
    ["RUN apt-get update && apt-get install -y a", "RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*"],
    ["RUN set -eux; apt update; apt install -y a", "RUN set -eux; apt update; apt install -y a; rm -rf /var/lib/apt/lists/*"],
    [
      "RUN <<EOF\nset -e\napt-get update\napt-get install -y a\nEOF",
      "RUN <<EOF\nset -e\napt-get update\napt-get install -y a\nrm -rf /var/lib/apt/lists/*\nEOF",
    ],
    [
      "USER app\nRUN sudo apt-get update && sudo apt-get install -y a",
      "USER app\nRUN sudo apt-get update && sudo apt-get install -y a && sudo rm -rf /var/lib/apt/lists/*",
    ],
    [
      "RUN apt-get update && apt-get install -y a && exec b",
      "RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/* && exec b",
    ],
    ["RUN apk add a", "RUN apk add --no-cache a"],
    ["RUN apk add --virtual .b c && make && apk del .b", "RUN apk add --no-cache --virtual .b c && make && apk del .b"],
    ["RUN dnf install -y a", "RUN dnf install -y a && dnf clean all"],
    ["RUN microdnf install a; ls", "RUN microdnf install a; ls && microdnf clean all"],
  ]);
});

test("apt-get update in a RUN of its own joins the next, which installs", () => {
  assertTruth(sameLayerCleanup, [
    ["RUN apt-get update\nRUN apt-get install -y a", "RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*"],
    [
      "RUN apt-get update\nRUN apt-get install -y a && rm -rf /var/lib/apt/lists/*",
      "RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*",
    ],
  ]);
});

test("it is left alone where it is clean, mounted, not root's, or would break a later install", () => {
  assertUntouched(sameLayerCleanup, [
    "RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*",
    "RUN apt-get update && apt-get install -y a && apt-get dist-clean",
    "RUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update && apt-get install -y a",
    "RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install -y a",
    "USER app\nRUN apt-get update && apt-get install -y a",
    "RUN apt-get update && apt-get install -y a\nRUN apt-get install -y b",
    "RUN apt-get update\nCOPY a b\nRUN apt-get install -y b",
    "RUN apt-get update && apt-get install -y a || true",
    "RUN apt-get install -y a",
    "RUN apk add --no-cache a",
    "RUN apk add a && rm -rf /var/cache/apk/*",
    "RUN --mount=type=cache,target=/var/cache/apk apk add a",
    "RUN dnf install -y a && dnf clean all",
    "RUN yum install -y a && rm -rf /var/cache/yum",
  ]);
});

test("a stage built on this one that installs without lists is heeded, one that fetches them is not", () => {
  const stage = "FROM debian AS base\nRUN apt-get update && apt-get install -y a\n";
  assert.equal(proposalsOf(sameLayerCleanup, `${stage}FROM base\nRUN apt-get install -y b\n`).proposals.length, 0);
  assert.match(proposalsOf(sameLayerCleanup, `${stage}FROM base\nRUN apt-get install -y b\n`).notes[0]?.message ?? "", /line 4/);
  assert.equal(
    proposalsOf(
      sameLayerCleanup,
      `${stage}FROM base\nRUN apt-get update && apt-get install -y b && rm -rf /var/lib/apt/lists/*\n`,
    ).proposals.length,
    1,
  );
});

test("archives are cleaned where the image shows them", () => {
  const facts = factsOf([
    [
      { path: "var/lib/apt/lists/x_Packages", content: "Package" },
      { path: "var/cache/apt/archives/a_1_amd64.deb", content: "deb" },
    ],
  ]);
  const { proposals } = proposalsOf(sameLayerCleanup, "FROM a\nRUN apt-get update && apt-get install -y a\n", {
    facts,
    layers: { 2: [0] },
  });
  assert.deepEqual(
    proposals[0]?.replacements.map(({ text }) => text),
    [" && apt-get clean && rm -rf /var/lib/apt/lists/*"],
  );
});

test("archives that stay where the lists are removed are cleaned too, once, and not below a mount", () => {
  const archive = { path: "var/cache/apt/archives/a_1_amd64.deb", content: "deb" };
  const world = { facts: factsOf([[archive]]), layers: { 2: [0] } };
  const text = "FROM a\nRUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*\n";
  assert.equal(edited(sameLayerCleanup, text, world), text.replace("/*\n", "/* && apt-get clean\n"));
  const { saving } = proposalsOf(sameLayerCleanup, text, world).proposals[0] ?? {};
  assert.equal(saving && "claims" in saving && saving.claims.length, 1);
  const clean = "FROM a\nRUN apt-get install -y a && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives\n";
  const mounted = text.replace("RUN", "RUN --mount=type=cache,target=/var/cache/apt");
  const none = { ...world, facts: factsOf([[{ path: "x", content: "x" }]]) };
  assert.deepEqual([edited(sameLayerCleanup, clean, world), edited(sameLayerCleanup, mounted, world)], [clean, mounted]);
  assert.deepEqual([edited(sameLayerCleanup, text, none), edited(sameLayerCleanup, text)], [text, text]);
});

test("lists that a later RUN removes are still in the layer, and so is what two RUNs that become one write twice", () => {
  const facts = factsOf([
    [
      { path: "var/lib/apt/lists/x_Packages", content: "Package" },
      { path: "var/lib/dpkg/status", content: "first" },
      { path: "opt/x", content: "first" },
    ],
    [{ path: "var/lib/dpkg/status", content: "second" }],
    [{ path: "var/lib/apt/lists/.wh.x_Packages" }, { path: "opt/.wh.x" }],
  ]);
  const text = "FROM a\nRUN apt-get update\nRUN apt-get install -y a\nRUN rm -rf /var/lib/apt/lists/* /opt/x\n";
  const { proposals } = proposalsOf(sameLayerCleanup, text, { facts, layers: { 2: [0], 3: [1], 4: [2] } });
  const [saving] = proposals.map((one) => one.saving);
  assert.ok(saving && "claims" in saving);
  const tree = facts.get(fileTree);
  assert.deepEqual(saving.claims.map(({ entry }) => `${tree.layerOf(entry)} ${textOf(tree.path(entry))}`).toSorted(), [
    "0 var/lib/apt/lists/x_Packages",
    "0 var/lib/dpkg/status",
  ]);
});
