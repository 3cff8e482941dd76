import { defaultLimits } from "../archive/limits.ts";
import { createFacts } from "../contracts/fact.ts";
import { completeImage } from "../image/complete.ts";
import { UserError } from "../lib/user-error.ts";
import type { Image, Layer } from "../model/image.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import type { Problem, Report } from "../model/report.ts";
import type { Violation } from "../model/violation.ts";
import { problemsOf } from "./analyze.ts";
import { validateImage } from "./validate-image.ts";
import { type FoundImage, type ImageOptions, withSource } from "./with-facts.ts";

/** What is wrong with an image. */
export interface Validation {
  readonly image: Report["image"];
  readonly layers: number;
  /** Every invariant that it breaks. */
  readonly violations: readonly Violation[];
  /** What is legal but odd. */
  readonly problems: readonly Problem[];
}

/**
 * Checks an image: digests and sizes of manifest, config and layers, that they agree, and what engines ask of each entry. Collects all that is
 * wrong. Throws UserError when there is no image to look at.
 */
export async function validate(reference: string, options: Omit<ImageOptions, "cache" | "base">): Promise<Validation> {
  // What is known of a layer by its digest says nothing of the bytes that are there.
  return withSource(reference, { ...options, cache: false }, async (found) => {
    const image = await completeImage(found.source, found.open.platform, defaultLimits).finally(found.endSteps);
    const { layers, violations } = await readEach(image, found);
    const named = { reference: image.reference, digest: image.digest, platform: image.config.platform };
    const result = { image: named, layers: image.layers.length };
    if (violations.length > 0) return { ...result, violations, problems: [] };
    const facts = createFacts({ image, layers, knownBases: [], temporaryFolder: found.open.temporaryFolder });
    return { ...result, violations: validateImage(facts), problems: problemsOf(facts) };
  });
}

/** All layers together, or when one can't be read each on its own, so that every broken one is told. */
async function readEach(
  image: Image,
  { readIndexes, open }: FoundImage,
): Promise<{ readonly layers: readonly LayerIndex[]; readonly violations: readonly Violation[] }> {
  try {
    return { layers: await readIndexes(image), violations: [] };
  } catch (error) {
    if (!(error instanceof UserError) || open.signal.aborted) throw error;
  }
  const violations: Violation[] = [];
  for (const layer of image.layers) {
    await readIndexes({ ...image, layers: [layer] }).catch((error: unknown) => {
      if (!(error instanceof UserError) || open.signal.aborted) throw error;
      violations.push(unreadable(layer, error));
    });
  }
  return { layers: [], violations };
}

function unreadable(layer: Layer, error: UserError): Violation {
  return {
    invariant: error.code === "digest-mismatch" ? "digest" : "layer",
    message: error.message,
    location: { layer: layer.index },
    expected: layer.digest ?? layer.diffId,
    actual: error.code,
  };
}
