import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createFileTree } from "../../src/facts/file-tree.ts";
import { docker, exported, load } from "../support/engine.ts";
import { ownName, removeLeftovers } from "../support/engine-names.ts";
import { randomStack, savedImages } from "../support/e2e-stacks.ts";
import { visibleIn, visibleInArchive } from "../support/e2e-visible.ts";
import { indexOf, tarOf } from "../support/layers.ts";
import { seededRandom } from "../support/random.ts";
import { withoutEngine } from "../support/tools.ts";

const stackCount = 40;
const firstSeed = 1000;

/** What an engine puts into every container. */
const madeByTheEngine = /^(?:\.dockerenv|(?:dev|etc|proc|sys)(?:\/.*)?)$/;

describe("random stacks of layers look as the engine's overlay file system shows them", { skip: withoutEngine() }, () => {
  const stacks = Array.from({ length: stackCount }, (_, index) => ({
    name: ownName(`stack-${firstSeed + index}`),
    layers: randomStack(seededRandom(firstSeed + index)).map((entries) => tarOf(entries)),
  }));
  before(async () => {
    await removeLeftovers();
    await load(savedImages(new Map(stacks.map(({ name, layers }) => [name, layers]))));
  });
  after(() => docker("image", "rm", "--force", ...stacks.map(({ name }) => name)));

  for (const { name, layers } of stacks) {
    test(name.replace(/^.*-stack-/, `${layers.length} layers of seed `), async () => {
      const tree = createFileTree(layers.map((layer) => indexOf(layer, [])));
      const shown = [...(await visibleInArchive(await exported(name)))].filter(([path]) => !madeByTheEngine.test(path));
      assert.deepEqual(visibleIn(tree), new Map(shown));
      assert.deepEqual(tree.oddities, []);
    });
  }

  test("the stacks have what they are to test", () => {
    const trees = stacks.map(({ layers }) => createFileTree(layers.map((layer) => indexOf(layer, []))));
    const fates = new Set(trees.flatMap((tree) => Array.from({ length: tree.entryCount }, (_, entry) => tree.fate(entry))));
    const expected = ["visible", "merged", "overwritten", "removed", "below-removed", "below-opaque", "replaced", "marker"];
    assert.deepEqual([...fates].sort(), expected.sort());
    const shared = trees.filter((tree) => [...tree.all()].some((entry) => tree.contentOf(entry) !== entry));
    assert.ok(shared.length >= 5, `${shared.length} stacks with hard links`);
  });
});
