import assert from "node:assert/strict";
import { join } from "node:path";
import type { Optimization, OptimizeOptions } from "../../src/index.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { outgoingImage, outgoingOf, writeOptions, type TestLayer } from "./outgoing.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Options of a run that does what is lossless, with an empty environment; of this machine's platform. */
export function optimizeOptions(changes: Partial<OptimizeOptions> = {}): OptimizeOptions {
  return {
    environment: {},
    signal: new AbortController().signal,
    insecure: [],
    cache: false,
    temporaryFolder: temporaryFolder(),
    level: "lossless",
    keep: [],
    rewriteBase: false,
    compression: "keep",
    validate: true,
    force: false,
    ...changes,
  };
}

/** The same for the platform of images that tests make. */
export function amd64Options(changes: Partial<OptimizeOptions> = {}): OptimizeOptions {
  return optimizeOptions({ platform: { os: "linux", architecture: "amd64" }, ...changes });
}

/** The reference of an image with these layers, in an OCI layout of its own. */
export async function layoutOf(layers: readonly TestLayer[]): Promise<string> {
  const place = join(temporaryFolder(), "source");
  const reference = await ociLayout.write?.(place, outgoingOf(outgoingImage(layers)), writeOptions());
  return reference ?? assert.fail();
}

/** The prediction is within 2 % of the result, and within 5 % of it compressed. */
export function assertPredicted({ predicted, after }: Optimization): void {
  assert.ok(after !== undefined);
  const off = (one: number, other: number): number => Math.abs(one - other) / other;
  assert.ok(off(predicted.tarBytes, after.tarBytes) <= 0.02, `${predicted.tarBytes} is not ${after.tarBytes}`);
  const compressed = `${predicted.compressedBytes} compressed is not ${after.compressedBytes}`;
  assert.ok(off(predicted.compressedBytes, after.compressedBytes) <= 0.05, compressed);
}
