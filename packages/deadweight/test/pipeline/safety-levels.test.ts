import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { analyze } from "../../src/pipeline/analyze.ts";
import { optimize } from "../../src/pipeline/optimize.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { outgoingImage, outgoingOf, writeOptions } from "../support/outgoing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { megabyte, type WasteCase, wasteCases, wasted } from "../support/waste-cases.ts";

// What analyze calls a safe way to free bytes is what optimize frees at that level.

const block = 512;
const padding = block - (megabyte % block);
const header = block;
const whole = header + megabyte + padding;

type Layers = readonly (readonly TestEntry[])[];

interface Freed {
  /** By analyze, each byte once, by the safest remedy. */
  readonly claimed: { readonly lossless: number; readonly verified: number };
  /** By optimize at each level, from what it wrote. */
  readonly freed: { readonly lossless: number; readonly verified: number };
}

async function freedBy(layers: Layers): Promise<Freed> {
  const outgoing = outgoingOf(outgoingImage(layers.map((entries) => ({ archive: tarOf(entries) }))));
  const source = (await ociLayout.write?.(join(temporaryFolder(), "source"), outgoing, writeOptions())) ?? assert.fail();
  const image = {
    platform: { os: "linux", architecture: "amd64" },
    environment: {},
    signal: new AbortController().signal,
    insecure: [],
    cache: false,
  };
  const { reclaimable } = await analyze(source, image);
  const claimed = (safety: string): number => reclaimable.find((row) => row.safety === safety)?.bytes ?? assert.fail();
  const freed = async (level: "lossless" | "verified"): Promise<number> => {
    const options = { ...image, level, keep: [], rewriteBase: false, compression: "keep", validate: true, force: false } as const;
    const { before, after } = await optimize(source, `oci:${join(temporaryFolder(), "out")}`, options);
    return before.tarBytes - (after?.tarBytes ?? Number.NaN);
  };
  return {
    claimed: { lossless: claimed("lossless"), verified: claimed("verified") },
    freed: { lossless: await freed("lossless"), verified: await freed("verified") },
  };
}

const lossless: Readonly<Record<Exclude<WasteCase, "the same content elsewhere">, number>> = {
  "a removed folder": 2 * whole + 2 * header,
  "an opaque folder": 2 * whole + header,
  "files removed one by one": 2 * whole + 2 * header,
  "a file overwritten": whole,
  "a file overwritten, then removed": 2 * whole + header,
  "no waste": 0,
};

for (const [name, bytes] of Object.entries(lossless) as [keyof typeof lossless, number][]) {
  test(`${name}: all that is claimed is lossless, and freed at each level`, async () => {
    const { claimed, freed } = await freedBy(wasteCases[name]);
    assert.deepEqual(claimed, { lossless: bytes, verified: 0 });
    assert.deepEqual(freed, { lossless: bytes, verified: bytes });
  });
}

const tree: readonly TestEntry[] = [
  { path: "srv/" },
  { path: "srv/a", content: wasted(1) },
  { path: "srv/b", content: wasted(2) },
  { path: "srv/s", type: "symlink", link: "a" },
];

test("chown -R: the copy that goes is lossless, as a container sees the same", async () => {
  const owned = tree.map((entry) => ({ ...entry, uid: 7, gid: 7 }));
  const { claimed, freed } = await freedBy([tree, owned]);
  assert.deepEqual(claimed, { lossless: 2 * whole + header, verified: 0 });
  assert.deepEqual(freed, { lossless: 2 * whole + header, verified: 2 * whole + header });
});

test("chown -R twice, then a file that is changed: copies go, and what no copy is", async () => {
  const owned = (uid: number): readonly TestEntry[] => tree.map((entry) => ({ ...entry, uid }));
  const { claimed, freed } = await freedBy([tree, owned(7), owned(8), [{ path: "srv/b", content: wasted(9), uid: 8 }]]);
  assert.deepEqual(claimed, { lossless: 5 * whole + 2 * header, verified: 0 });
  assert.deepEqual(freed, { lossless: 5 * whole + 2 * header, verified: 5 * whole + 2 * header });
});

test("chown of hard links: where the lowest copy can't take the owner, it is the one that goes", async () => {
  const first: TestEntry = { path: "a", content: wasted(1) };
  const again: TestEntry = { ...first, uid: 7 };
  const { claimed, freed } = await freedBy([[first], [again, { path: "l", type: "hardlink", link: "a", uid: 7 }]]);
  assert.deepEqual(claimed, { lossless: whole, verified: 0 });
  assert.deepEqual(freed, { lossless: whole, verified: whole });
});

test("caches of package managers are lossless, temporary files verified", async () => {
  const { claimed, freed } = await freedBy([
    [
      ...["root", "root/.cache", "root/.cache/pip", "root/.cache/pip/http-v2", "tmp"].map((path) => ({ path: `${path}/` })),
      { path: "root/.cache/pip/http-v2/b.body", content: wasted(1) },
      { path: "tmp/left", content: wasted(2) },
      { path: "srv/app", content: wasted(3) },
    ],
  ]);
  assert.deepEqual(claimed, { lossless: whole, verified: whole });
  assert.deepEqual(freed, { lossless: whole, verified: 2 * whole });
});

test("equal files of one layer: verified, the content goes and a link stays", async () => {
  const copies = ["a", "b", "c"].map((path): TestEntry => ({ path: `srv/${path}`, content: wasted(1) }));
  const { claimed, freed } = await freedBy([copies]);
  assert.deepEqual(claimed, { lossless: 0, verified: 2 * megabyte });
  // Content alone is claimed; its padding goes with it.
  assert.deepEqual(freed, { lossless: 0, verified: 2 * (megabyte + padding) });
});

test("the same content elsewhere: verified, the content goes and a link comes to the lower layer", async () => {
  const { claimed, freed } = await freedBy(wasteCases["the same content elsewhere"]);
  assert.deepEqual(claimed, { lossless: 0, verified: megabyte });
  // The folder above comes along with the link.
  assert.deepEqual(freed, { lossless: 0, verified: megabyte + padding - header });
});
