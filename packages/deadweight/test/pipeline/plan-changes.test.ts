import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { planned } from "../support/planning.ts";
import { stackedTree } from "../support/stacked-tree.ts";

const names = ["tmp/a", "tmp/b", "tmp/d/a", "tmp/d/f/a", "srv/a", "srv/b", "srv/d/a", "srv/d/f/a"];
const folders = ["tmp/", "srv/", "tmp/d/", "srv/d/"];
const markers = [
  ".wh.tmp",
  ".wh.srv",
  "tmp/.wh.a",
  "tmp/.wh.d",
  "srv/.wh.a",
  "srv/.wh.d",
  "srv/.wh..wh..opq",
  "tmp/d/.wh..wh..opq",
];
const large = "x".repeat(5000);

const entryOf: fc.Arbitrary<TestEntry> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      path: fc.constantFrom(...names, "srv/d", "tmp/d"),
      content: fc.constantFrom("x", "y", large),
      uid: fc.nat(1),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom(...folders).map((path): TestEntry => ({ path })) },
  { weight: 2, arbitrary: fc.constantFrom(...markers).map((path): TestEntry => ({ path })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ path: fc.constantFrom(...names), link: fc.constantFrom(...names, "srv/d", "tmp/d") })
      .map(({ path, link }): TestEntry => ({ path, type: "symlink", link: `/${link}` })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ path: fc.constantFrom(...names), link: fc.constantFrom(...names) })
      .map((names): TestEntry => ({ type: "hardlink", ...names })),
  },
);

/** A layer in which hard links lead to a file before them and say the same of it, and nothing lies below a file. */
const layerOf: fc.Arbitrary<TestEntry[]> = fc
  .uniqueArray(entryOf, { selector: ({ path }) => path.replace(/\/$/, ""), maxLength: 9 })
  .map((entries) => {
    const known = new Map<string, TestEntry>();
    const isBelowFile = (path: string): boolean =>
      /^(?:srv|tmp)\/d(?=\/)/.test(path) && entries.some((one) => one.path === path.slice(0, 5));
    return entries.flatMap((entry): TestEntry[] => {
      if (isBelowFile(entry.path)) return [];
      const target = known.get(entry.link ?? "");
      if (entry.type === "hardlink" && target === undefined) return [];
      const { uid } = target ?? entry;
      const whole = entry.type === "hardlink" && uid !== undefined ? { ...entry, uid } : entry;
      if (!entry.path.includes(".wh.") && !entry.path.endsWith("/")) known.set(entry.path, whole);
      return [whole];
    });
  });

const stacks = fc.record({
  layers: fc.array(layerOf, { minLength: 1, maxLength: 4 }),
  base: fc.nat(2),
  level: fc.constantFrom("lossless" as const, "verified" as const),
  skip: fc.subarray(["drop-shadowed", "drop-metadata-rewrites", "link-duplicates", "remove-leftovers"]),
});

function bare({ path }: TestEntry): string {
  return path.replace(/\/$/, "");
}

test("a container sees what it saw, less the paths that the plan removes", () => {
  fc.assert(
    fc.property(stacks, ({ layers, base, level, skip }) => {
      const { plan, after } = planned(layers, { base, level, skip });
      const [before, now] = [stackedTree(layers), stackedTree(after)];
      // What is hidden may go with the last link to its content.
      const isOnTop = (path: string, layer: number): boolean =>
        layers.findLastIndex((one) => one.some((entry) => bare(entry) === path)) === layer;
      const removed = plan.changes.filter(
        ({ transform, path, layer }) => transform === "remove-leftovers" && isOnTop(path, layer),
      );
      const wanted = new Set(removed.map(({ path }) => path));
      const isLinked = plan.changes.some(({ action }) => action === "link");
      const told = (text: string | undefined): string | undefined => (isLinked ? text?.replace(/ \S+$/, "") : text);
      for (const [path, description] of before) {
        if (!now.has(path)) assert.ok(wanted.has(path), `${path} is gone`);
        else if (wanted.size === 0) assert.equal(told(now.get(path)), told(description), path);
        else assert.equal(now.get(path)?.replace(/ \S+$/, ""), description.replace(/ \S+$/, ""), path);
      }
      for (const path of now.keys()) assert.ok(before.has(path), `${path} has come`);
      for (const path of wanted) assert.ok(!now.has(path), `${path} is still there`);
    }),
    { numRuns: 400 },
  );
});

test("the edited layers are as long as predicted", () => {
  fc.assert(
    fc.property(stacks, ({ layers, base, level, skip }) => {
      const { plan, after } = planned(layers, { base, level, skip });
      const bytes = after.reduce((total, layer) => total + tarOf(layer).length, 0);
      assert.deepEqual(plan.predicted, { tarBytes: bytes, compressedBytes: bytes });
    }),
    { numRuns: 100 },
  );
});

test("layers that are edited can be unpacked: no path twice, no marker beside content, links to what is there", () => {
  fc.assert(
    fc.property(stacks, ({ layers, base, level, skip }) => {
      const { plan, after } = planned(layers, { base, level, skip });
      const touched = new Set(plan.changes.map(({ layer }) => layer));
      for (const layer of touched) {
        const paths = (after[layer] ?? []).map(({ path }) => path.replace(/\/$/, ""));
        assert.equal(new Set(paths).size, paths.length);
        for (const path of paths.filter((one) => /(?:^|\/)\.wh\.(?!\.wh\.)/.test(one))) {
          const hidden = path.replace(/(^|\/)\.wh\./, "$1");
          assert.ok(!paths.some((other) => other === hidden || other.startsWith(`${hidden}/`)), path);
        }
        for (const [place, { type, link = "" }] of (after[layer] ?? []).entries()) {
          if (type === "hardlink") assert.ok(paths.slice(0, place).includes(link), link);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("a second run finds nothing more", () => {
  fc.assert(
    fc.property(stacks, ({ layers, base, level }) => {
      const { after } = planned(layers, { base, level });
      assert.deepEqual(planned(after, { base, level }).edits, []);
    }),
    { numRuns: 200 },
  );
});

const cached: TestEntry[] = [
  ...["root/", "root/.npm/", "root/.npm/_cacache/", "tmp/"].map((path) => ({ path })),
  { path: "root/.npm/_cacache/a", content: "x".repeat(600) },
  { path: "tmp/a", content: "x" },
  { path: "b", content: "x" },
];
const layers = [cached, [{ path: "b", content: "y" }]];

test("the level says what is done, and names choose among it", () => {
  const [cache, leftover, shadowed] = ["remove 0:root/.npm/_cacache/a", "remove 0:tmp/a", "remove 0:b"];
  assert.deepEqual(planned(layers, { level: "lossless" }).edits, [cache, shadowed]);
  assert.deepEqual(planned(layers, { level: "verified" }).edits, [cache, leftover, shadowed]);
  assert.deepEqual(planned(layers, { level: "verified", skip: ["remove-caches"] }).edits, [leftover, shadowed]);
  assert.deepEqual(planned(layers, { level: "lossless", only: ["remove-leftovers"] }).edits, [leftover]);
});

test("a name that is none is an error with the one that was meant", () => {
  for (const names of [{ only: ["drop-shadow"] }, { skip: ["drop-shadow"] }])
    assert.throws(() => planned(layers, names), {
      code: "unknown-transform",
      exitCode: 2,
      message: 'transform "drop-shadow": there is none of that name',
      hint: 'did you mean "drop-shadowed"?',
    });
});

test("each edit is a change with its bytes, and the sums are the prediction", () => {
  const { plan } = planned(layers, { level: "verified" });
  assert.deepEqual(
    plan.changes.map(({ transform, action, layer, path, bytesBefore, bytesAfter }) => [
      transform,
      action,
      layer,
      path,
      bytesBefore,
      bytesAfter,
    ]),
    [
      ["remove-caches", "remove", 0, "root/.npm/_cacache/a", 1536, 0],
      ["remove-leftovers", "remove", 0, "tmp/a", 1024, 0],
      ["drop-shadowed", "remove", 0, "b", 1024, 0],
    ],
  );
  const before = layers.reduce((total, layer) => total + tarOf(layer).length, 0);
  assert.equal(plan.predicted.tarBytes, before - 1536 - 1024 - 1024);
});

test("a pattern to keep that matches nothing is told", () => {
  assert.deepEqual(planned(layers, { keep: ["/opt/*", "tmp"] }).plan.notes, ['nothing to keep matches "/opt/*"']);
});
