import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { LayerShape } from "../../src/model/layer-shape.ts";
import type { Optimization } from "../../src/model/optimization.ts";
import { optimize, type OptimizeOptions } from "../../src/pipeline/optimize.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { generatedLayers } from "../support/generated-image.ts";
import { tarOf } from "../support/layers.ts";
import { outgoingImage, outgoingOf, writeOptions, type TestLayer } from "../support/outgoing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const temporary = temporaryFolder();

function optionsFor(changes: Partial<OptimizeOptions> = {}): OptimizeOptions {
  return {
    platform: { os: "linux", architecture: "amd64" },
    environment: {},
    signal: new AbortController().signal,
    insecure: [],
    cache: false,
    temporaryFolder: temporary,
    level: "lossless",
    keep: [],
    rewriteBase: false,
    compression: "keep",
    validate: true,
    force: false,
    ...changes,
  };
}

async function layoutOf(layers: readonly TestLayer[]): Promise<string> {
  const place = join(temporaryFolder(), "source");
  const reference = await ociLayout.write?.(place, outgoingOf(outgoingImage(layers)), writeOptions());
  return reference ?? assert.fail();
}

async function arranged(source: string, layers: LayerShape, changes: Partial<OptimizeOptions> = {}): Promise<Optimization> {
  return optimize(source, `oci:${join(temporaryFolder(), "out")}`, optionsFor({ layers, ...changes }));
}

const shapes: readonly LayerShape[] = [
  { kind: "squash" },
  { kind: "squash-own" },
  { kind: "balance", layers: 3 },
  { kind: "limit", name: "tiny", layerBytes: 6000 },
];

test("of any image every shape shows the same tree, as predicted, and the same run gives the same digest", async () => {
  const generated = fc.tuple(
    generatedLayers,
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
