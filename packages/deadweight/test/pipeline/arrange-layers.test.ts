import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { LayerShape } from "../../src/model/layer-shape.ts";
import type { Optimization } from "../../src/model/optimization.ts";
import { optimize, type OptimizeOptions } from "../../src/pipeline/optimize.ts";
import { withFacts } from "../../src/pipeline/with-facts.ts";
import { generatedLayers } from "../support/generated-image.ts";
import { entryTypes } from "../../src/model/layer-index.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { randomStack } from "../support/stacked-layers.ts";
import { amd64Options, layoutOf } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function arranged(source: string, layers: LayerShape, changes: Partial<OptimizeOptions> = {}): Promise<Optimization> {
  return optimize(source, `oci:${join(temporaryFolder(), "out")}`, amd64Options({ layers, ...changes }));
}

const shapes: readonly LayerShape[] = [
  { kind: "squash" },
  { kind: "squash-own" },
  { kind: "balance", layers: 3 },
  { kind: "limit", name: "tiny", layerBytes: 6000 },
];

test("of any image every shape shows the same tree, as predicted, and the same run gives the same digest", async () => {
  const stacks = fc.integer().map((seed) => randomStack(seed).map((entries) => ({ entries, compression: "gzip" as const })));
  const generated = fc.tuple(
    fc.oneof(generatedLayers, stacks, stacks),
    fc.constantFrom(...shapes),
    fc.constantFrom("lossless" as const, "verified" as const),
    fc.boolean(),
    fc.nat(2),
  );
  await fc.assert(
    fc.asyncProperty(generated, async ([layers, shape, level, isSkipping, base]) => {
      const stored = layers.map(({ entries, compression }) => ({ archive: tarOf(entries), compression }));
      const source = await layoutOf(stored);
      const options = {
        level,
        ...(isSkipping ? { skip: ["drop-shadowed"] } : {}),
        ...(base === 0 ? {} : { base: await layoutOf(stored.slice(0, base)) }),
      };
      // Validation throws when what a container sees is not as planned.
      const first = await arranged(source, shape, options);
      const same = await arranged(source, shape, options);
      assert.equal(first.result?.digest, same.result?.digest);
      assert.equal(first.after?.tarBytes, first.predicted.tarBytes);
      if (shape.kind === "balance" || shape.kind === "limit") return;
      const second = await arranged(first.result?.reference ?? "", shape, options);
      assert.deepEqual(second.changes, []);
      assert.equal(second.result?.digest, first.result?.digest);
    }),
    { numRuns: Number(process.env["DEADWEIGHT_RUNS"] ?? 25) },
  );
});

test("equal files of joined layers become links in the first run, in a folder that no layer stores too", async () => {
  const content = Buffer.alloc(6000, "copy");
  const source = await layoutOf(["c/v", "c/w"].map((path) => ({ archive: tarOf([{ path, content }]) })));
  const first = await arranged(source, { kind: "squash" }, { level: "verified" });
  const second = await arranged(first.result?.reference ?? "", { kind: "squash" }, { level: "verified" });
  assert.ok(first.changes.some(({ action, path }) => action === "link" && path === "c/w"));
  assert.deepEqual(second.changes, []);
});

type Layers = readonly (readonly TestEntry[])[];

interface Result {
  /** By layer, each entry in a line: its path, `.wh.` before what a whiteout hides, `/.opq` behind an opaque folder, where a link leads. */
  readonly layers: readonly (readonly string[])[];
  readonly digests: readonly string[];
  readonly rows: readonly string[];
  readonly optimization: Optimization;
}

/** Arranges test layers of which the lowest are the base's. */
async function result(layers: Layers, shape: LayerShape, base = 0, changes: Partial<OptimizeOptions> = {}): Promise<Result> {
  const stored = layers.map((entries) => ({ archive: tarOf(entries) }));
  const source = await layoutOf(stored);
  const known = base === 0 ? {} : { base: await layoutOf(stored.slice(0, base)) };
  const optimization = await arranged(source, shape, { ...known, ...changes });
  return withFacts(optimization.result?.reference ?? "", amd64Options(), ({ facts }) => ({
    layers: facts.layers.map((layer) =>
      Array.from({ length: layer.count }, (_, place) => {
        const path = layer.paths.path(layer.path[place] ?? 0);
        const type = entryTypes[layer.type[place] ?? 0];
        if (type === "hardlink") return `${path} -> ${layer.paths.path(layer.linkNode[place] ?? 0)}`;
        return type === "whiteout" ? `.wh. ${path}` : type === "opaque" ? `${path}/.opq` : path;
      }),
    ),
    digests: facts.layers.map(({ digest }) => digest),
    rows: facts.image.config.history.map(({ createdBy, comment }) => [createdBy, comment].filter(Boolean).join(" | ")),
    optimization,
  }));
}

const own: LayerShape = { kind: "squash-own" };
const one: LayerShape = { kind: "squash" };
const base: readonly TestEntry[] = [{ path: "d/" }, { path: "d/x" }, { path: "e" }];

test("the user's layers become one, the base keeps its digest, and the history says of what", async () => {
  const { layers, digests, rows, optimization } = await result([base, [{ path: "a" }], [{ path: "b" }]], own, 1);
  assert.deepEqual(layers, [
    ["d", "d/x", "e"],
    ["a", "b"],
  ]);
  assert.equal(digests[0], optimization.layers[0]?.digest);
  assert.deepEqual(rows, ["layer 0", "deadweight optimize --layers squash-own # layers 1 to 2 in one | layer 1; layer 2"]);
  assert.ok(optimization.notes.includes("layers 1 to 2 become one"));
});

test("a whiteout stays while it hides something below the joined layers", async () => {
  const upper = [[{ path: "a" }], [{ path: ".wh.a" }, { path: "d/" }, { path: "d/.wh.x" }, { path: ".wh.nothing" }]];
  assert.deepEqual((await result([base, ...upper], own, 1)).layers[1], ["d", ".wh. d/x"]);
  assert.deepEqual((await result([base, ...upper], one)).layers, [["d", "e"]]);
});

test("a folder that took the place of a lower one becomes opaque, never a whiteout beside it", async () => {
  const removed = [base, [{ path: ".wh.d" }], [{ path: "d/", mode: 0o700 }, { path: "d/y" }]];
  assert.deepEqual((await result(removed, own, 1)).layers[1], ["d", "d/.opq", "d/y"]);
  const replaced = [base, [{ path: "d", content: "a file" }], [{ path: "d/" }, { path: "d/y" }]];
  assert.deepEqual((await result(replaced, own, 1)).layers[1], ["d", "d/.opq", "d/y"]);
  const marked = [base, [{ path: "d/" }, { path: "d/.wh..wh..opq" }], [{ path: "d/" }, { path: "d/y" }]];
  assert.deepEqual((await result(marked, own, 1)).layers[1], ["d", "d/.opq", "d/y"]);
});

test("a folder is stored once, at its first place and before what lies in it, as it is at the end", async () => {
  const folder = { path: "f/", mode: 0o700, uid: 7, mtime: 1_600_000_000 };
  const twice = [
    [{ path: "f/" }, { path: "f/a" }],
    [folder, { path: "f/b" }],
  ];
  assert.deepEqual((await result(twice, one)).layers, [["f", "f/a", "f/b"]]);
  const late = [[{ path: "f/a" }], [folder, { path: "f/b" }]];
  assert.deepEqual((await result(late, one)).layers, [["f", "f/a", "f/b"]]);
});

test("the names of a file stay one file when a later layer overwrites the first of them", async () => {
  const layers = [
    [
      { path: "a", content: "one" },
      { path: "l", type: "hardlink", link: "a" } as const,
      { path: "m", type: "hardlink", link: "a" } as const,
    ],
    [{ path: "a", content: "two" }],
  ];
  assert.deepEqual((await result(layers, one)).layers, [["l", "m -> l", "a"]]);
});

test("what one layer can't say is left as it is, with a note", async () => {
  const implied = [base, [{ path: ".wh.d" }], [{ path: "d/y" }]];
  const { layers, optimization } = await result(implied, own, 1);
  assert.deepEqual(layers.slice(1), [[".wh. d"], ["d/y"]]);
  assert.ok(optimization.notes.some((note) => note.startsWith('layers 1 to 2 stay for themselves: "d" was removed')));
});

test("layers that runtimes read differently stay for themselves", async () => {
  const twice = [{ path: "p" }, { path: "p", content: "again" }];
  const { layers, optimization } = await result([[{ path: "a" }], [{ path: "b" }], twice, [{ path: "c" }], [{ path: "g" }]], one);
  assert.deepEqual(layers, [
    ["a", "b"],
    ["p", "p"],
    ["c", "g"],
  ]);
  assert.ok(optimization.notes.some((note) => note.startsWith("layer 2 is left as it is")));
});

test("every entry that joining takes is in the list of changes, with the layer it was in", async () => {
  const layers = [
    [{ path: "f/" }, { path: "f/a" }],
    [{ path: "f/", uid: 7 }, { path: "f/.wh.a" }],
  ];
  const { optimization } = await result(layers, one, 0, { skip: ["drop-shadowed"] });
  assert.deepEqual(
    optimization.changes.map(({ transform, action, layer, path }) => `${transform} ${action} ${layer} ${path}`),
    ["join-layers rewrite 0 f", "join-layers remove 0 f/a", "join-layers remove 1 f", "join-layers remove 1 f/a"],
  );
  assert.match(optimization.changes[1]?.reason ?? "", /^another of the joined layers hides it/);
});

test("parts are of like size, and each has the folders of what it holds", async () => {
  const files = ["a", "b", "c", "d"].map((name) => ({ path: `opt/x/${name}`, content: name.repeat(9000) }));
  const folders = [{ path: "opt/", mode: 0o711 }, { path: "opt/x/" }];
  const { layers, rows, optimization } = await result([[...folders, ...files], [{ path: "opt/", mode: 0o700 }]], {
    kind: "balance",
    layers: 2,
  });
  assert.deepEqual(layers, [
    ["opt", "opt/x", "opt/x/a", "opt/x/b"],
    ["opt", "opt/x", "opt/x/c", "opt/x/d"],
  ]);
  assert.deepEqual(rows, [
    "deadweight optimize --layers balance=2 # part 1 of 2 of layers 0 to 1: unowned | layer 0; layer 1",
    "deadweight optimize --layers balance=2 # part 2 of 2 of layers 0 to 1: unowned",
  ]);
  assert.ok(optimization.notes.some((note) => note.endsWith("2 folders are stored in more than one, 1024 bytes")));
  const again = await arranged(optimization.result?.reference ?? "", { kind: "balance", layers: 2 });
  assert.equal(again.result?.isCopy, true);
});

test("a name that takes over content in another part has its folders there, and they stay where they are needed", async () => {
  const content = (letter: string): string => letter.repeat(9000);
  const names: readonly TestEntry[] = [
    { path: "a", content: content("a") },
    { path: "d/" },
    { path: "d/k", content: content("k") },
    { path: "d/l", type: "hardlink", link: "a" },
  ];
  const { layers } = await result([names, [{ path: "a", content: "new" }]], { kind: "balance", layers: 2 });
  assert.deepEqual(layers, [
    ["d", "d/k"],
    ["d", "d/l", "a"],
  ]);
});

test("a limit divides what is larger than it, and leaves layers alone that are not", async () => {
  const files = ["a", "b", "c"].map((name) => ({ path: name, content: name.repeat(9000) }));
  const limit = (layerBytes: number): LayerShape => ({ kind: "limit", name: "small", layerBytes });
  assert.deepEqual((await result([files], limit(12_000))).layers, [["a"], ["b"], ["c"]]);
  assert.deepEqual((await result([files], limit(40_000))).layers, [["a", "b", "c"]]);
  const many = Array.from({ length: 130 }, (_, number) => ({ path: `f${number}`, content: "x".repeat(2000) }));
  await assert.rejects(result([many], limit(3000)), { code: "unsupported", exitCode: 2 });
  const { optimization } = await result([files], limit(5000));
  assert.ok(optimization.notes.includes("a file alone is larger than the 5000 bytes of small"));
});
