import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImageConfig } from "../../src/model/image.ts";
import { metadataRewrites } from "../../src/rules/metadata-rewrites.ts";
import { shadowedFiles } from "../../src/rules/shadowed-files.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

const tree = (rest: Partial<TestEntry> = {}): TestEntry[] => [
  { path: "srv/", ...rest },
  { path: "srv/a", content: "a".repeat(3000), ...rest },
  { path: "srv/b", content: "b", ...rest },
  { path: "srv/link", type: "symlink", link: "a", ...rest },
];

test("chown -R after a COPY: the layer of the chown is claimed but for its folders", () => {
  const facts = factsOf([tree(), tree({ uid: 1000, gid: 1000 })], { history: ["COPY srv /srv", "RUN chown -R app /srv"] });
  const [finding, ...more] = findingsOf(metadataRewrites, facts);
  assert.equal(more.length, 0);
  assert.deepEqual(finding && claimedPaths(finding, facts), ["1:srv/a", "1:srv/b", "1:srv/link"]);
  assert.equal(
    finding?.message,
    "3 files stored again by layer 1 (RUN chown -R app /srv) with the same content, changing the owner of 3: /srv/a, /srv/b and /srv/link",
  );
  assert.equal(finding?.remedy, "COPY --chown in layer 0 in place of layer 1");
  assert.equal(finding?.safety, "lossless");
  assert.deepEqual(claimedBy(shadowedFiles, facts), []);
});

test("the remedy is told by what brought the files", () => {
  const remedies = (history: string[], rest: Partial<TestEntry>, base: readonly string[] = []): unknown[] => {
    const layers = [tree(), tree(rest)];
    const config: Partial<ImageConfig> = {};
    const diffIds = factsOf(layers).image.config.diffIds.slice(0, base.length);
    const facts = factsOf(layers, { history, config, knownBases: base.map((name) => ({ name, diffIds })) });
    return findingsOf(metadataRewrites, facts).map(({ remedy }) => remedy);
  };
  assert.deepEqual(remedies(["COPY srv /srv", "RUN chmod -R 700 /srv"], { mode: 0o700 }), [
    "COPY --chmod in layer 0 in place of layer 1",
  ]);
  assert.deepEqual(remedies(["ADD srv.tar /", "RUN chown && chmod"], { mode: 0o700, uid: 1 }), [
    "ADD --chown --chmod in layer 0 in place of layer 1",
  ]);
  assert.deepEqual(remedies(["RUN make", "RUN chown -R app /srv"], { uid: 1 }), [
    "do it in the instruction that makes the files (layer 0), not in layer 1",
  ]);
  assert.deepEqual(remedies(["COPY srv /srv", "RUN touch /srv/*"], { mtime: 5 }), [
    "do it in the instruction that makes the files (layer 0), not in layer 1",
  ]);
  assert.deepEqual(remedies(["FROM x", "RUN chown -R app /srv"], { uid: 1 }, ["x"]), [
    "change only what the program writes to: the files belong to the base image (layer 0)",
  ]);
});

test("each layer that rewrites is a finding of its own", () => {
  const facts = factsOf([tree(), tree({ uid: 1 }), tree({ uid: 1, mode: 0o700 })]);
  assert.deepEqual(
    findingsOf(metadataRewrites, facts).map((finding) => claimedPaths(finding, facts)),
    [
      ["1:srv/a", "1:srv/b", "1:srv/link"],
      ["2:srv/a", "2:srv/b", "2:srv/link"],
    ],
  );
});

test("what is stored again as it was is told", () => {
  const facts = factsOf(
    [
      [
        { path: "a", content: "x" },
        { path: "b", content: "y" },
      ],
      [
        { path: "a", content: "x" },
        { path: "b", content: "y", mode: 0o600 },
      ],
    ],
    {
      history: ["COPY . /", "COPY . /"],
    },
  );
  assert.equal(
    findingsOf(metadataRewrites, facts)[0]?.message,
    "2 files stored again by layer 1 (COPY . /) with the same content, changing the mode of 1, 1 as they were: /a and /b",
  );
});

test("left alone: other content, removed in between, folders alone, one layer", () => {
  const cases: Record<string, readonly (readonly TestEntry[])[]> = {
    "other content": [[{ path: "a", content: "x" }], [{ path: "a", content: "y", uid: 1 }]],
    "other size, same beginning": [[{ path: "a", content: "x" }], [{ path: "a", content: "xx" }]],
    "removed in between": [[{ path: "a", content: "x" }], [{ path: ".wh.a" }], [{ path: "a", content: "x", uid: 1 }]],
    "folders alone": [[{ path: "d/" }], [{ path: "d/", uid: 1 }]],
    "one layer": [tree()],
    "removed later": [tree(), tree({ uid: 1 }), [{ path: ".wh.srv" }]],
  };
  for (const [name, layers] of Object.entries(cases)) assert.deepEqual(claimedBy(metadataRewrites, factsOf(layers)), [], name);
});
