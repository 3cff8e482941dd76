import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { createFacts, type Facts } from "../../../src/contracts/fact.ts";
import { arrangeImage } from "../../../src/image/rewrite/arrange-image.ts";
import { arrangeLayers } from "../../../src/pipeline/arrange-layers.ts";
import { compareTrees } from "../../../src/pipeline/compare-trees.ts";
import { planChanges } from "../../../src/pipeline/plan-changes.ts";
import { validateImage } from "../../../src/pipeline/validate-image.ts";
import { factsOf, indexOf, tarOf, type TestEntry } from "../../support/layers.ts";
import { seededRandom } from "../../support/random.ts";
import { linesOf } from "../../support/rewritten.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** A layer as builders write them: folders before what lies in them, whiteouts of what is below and not stored again. */
function builtLayer(random: () => number, below: ReadonlyMap<string, "file" | "folder">): readonly TestEntry[] {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const entries = new Map<string, TestEntry>();
  const addFolders = (path: string): boolean => {
    const names = path.split("/").slice(0, -1);
    return names.every((_, index) => {
      const up = names.slice(0, index + 1).join("/");
      if (entries.has(up)) return entries.get(up)?.path.endsWith("/") === true;
      entries.set(up, { path: `${up}/`, mode: pick([0o755, 0o700]), mtime: pick([1_700_000_000, 1_700_000_005]) });
      return true;
    });
  };
  const hidden = new Set<string>();
  for (let turn = 0; turn < 6; turn++) {
    const path = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(["a", "b", "c"])).join("/");
    const isBelowHidden = [...hidden].some((other) => path === other || path.startsWith(`${other}/`));
    const isStored = [...entries.keys()].some((other) => other === path || other.startsWith(`${path}/`));
    if (isBelowHidden || isStored) continue;
    if (random() < 0.35 && below.has(path)) {
      if (!addFolders(path)) continue;
      entries.set(`${path} hidden`, { path: path.replace(/[^/]+$/, ".wh.$&") });
      hidden.add(path);
    } else if (random() < 0.2 && below.get(path) === "folder") {
      if (!addFolders(`${path}/x`)) continue;
      entries.set(`${path} opaque`, { path: `${path}/.wh..wh..opq` });
    } else if (addFolders(path)) {
      const content = pick(["one", "two", "three"]);
      entries.set(path, random() < 0.5 ? { path, content } : { path: `${path}/`, uid: pick([0, 7]) });
    }
  }
  return [...entries.values()];
}

function stackOf(seed: number): readonly (readonly TestEntry[])[] {
  const random = seededRandom(seed);
  const below = new Map<string, "file" | "folder">();
  return Array.from({ length: 4 }, () => {
    const layer = builtLayer(random, below);
    for (const { path } of layer)
      if (!path.includes(".wh.")) below.set(path.replace(/\/$/, ""), path.endsWith("/") ? "folder" : "file");
    return layer;
  });
}

/** Facts whose layers lie in files. */
function storedFacts(layers: readonly (readonly TestEntry[])[], seed: number): Facts {
  const known = factsOf(layers.slice(0, 2)).image.config.diffIds;
  const facts = factsOf(layers, { knownBases: [{ name: "base", diffIds: known }] });
  const stored = facts.image.layers.map((layer, place) => {
    const path = join(folder, `${seed}-${place}`);
    const archive = tarOf(layers[place] ?? []);
    writeFileSync(path, archive);
    return { ...layer, blob: { kind: "file" as const, path, offset: 0, size: archive.length } };
  });
  const configBytes = Buffer.from(JSON.stringify({ rootfs: { diff_ids: facts.image.config.diffIds } }));
  return createFacts({ ...facts, image: { ...facts.image, layers: stored, configBytes } });
}

test("over a base joined layers show what they showed, and hide what they hid", async () => {
  let joined = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const facts = storedFacts(stackOf(seed), seed);
    const plan = planChanges(facts, { level: "lossless", rewriteBase: false, only: [] });
    const { arrangement } = arrangeLayers(facts, plan, { kind: "squash-own" });
    if (arrangement === undefined) continue;
    const image = await arrangeImage(facts.image, facts.layers, plan.edits, arrangement, {
      compression: "keep",
      labels: {},
      limits: defaultLimits,
      temporaryFolder: folder,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const layers = image.layers.map(({ bytes }) => indexOf(readFileSync(bytes.kind === "file" ? bytes.path : "")));
    const after = createFacts({
      ...facts,
      image: { ...facts.image, layers: facts.image.layers.slice(0, layers.length) },
      layers,
    });
    assert.deepEqual(linesOf(compareTrees(facts, after, plan.edits)), [], `seed ${seed}`);
    const broken = validateImage(after).filter(({ invariant }) => invariant !== "history");
    assert.deepEqual(linesOf(broken), [], `seed ${seed}`);
    joined++;
  }
  assert.ok(joined >= 20, `${joined} were joined`);
});
