import { defaultLimits } from "../archive/limits.ts";
import { createFacts, type Facts } from "../contracts/fact.ts";
import { completeImage } from "../image/complete.ts";
import { addLayer, type TallerImage } from "../image/rewrite/add-layer.ts";
import { UserError } from "../lib/user-error.ts";
import { mostLayers } from "../model/layer-shape.ts";
import { parseReference } from "../model/reference.ts";
import type { Restoration } from "../model/restoration.ts";
import { checkDestination, destinationOf } from "./destination.ts";
import { othersBeside, placeInFolder } from "./restore/others-beside.ts";
import { planRestore, type RestorePlan } from "./restore/plan-restore.ts";
import { validateRestore } from "./restore/validate-restore.ts";
import { wantedPaths } from "./restore/wanted-paths.ts";
import { rewrittenSource } from "./rewritten-source.ts";
import { type ImageOptions, type ReadImage, withFacts } from "./with-facts.ts";

export interface RestoreOptions extends Omit<ImageOptions, "base"> {
  /** The image that has the paths. */
  readonly from: string;
  /** Files, and folders with all below them. */
  readonly paths: readonly string[];
  /** Where the result goes; without it, it takes the image's place. */
  readonly output?: string;
  /** Whether what is at `output` may be replaced. */
  readonly force: boolean;
}

/**
 * Brings paths back that an optimised image has no more: a layer on top with them as `from` shows them. The image itself is replaced once
 * the result is whole, unless it goes elsewhere. Paths that are as they should be are left alone; when all are, nothing is written. Throws
 * UserError; any other error is a bug.
 */
export async function restore(reference: string, options: RestoreOptions): Promise<Restoration> {
  const { output, force } = options;
  const asked = output === undefined ? undefined : destinationOf(output);
  if (asked !== undefined) await checkDestination(asked, force);
  return withFacts(reference, options, (into) =>
    withFacts(options.from, options, async (from) => {
      const plan = planRestore({ into: into.facts, from: from.facts }, wantedPaths(from.facts, options.paths));
      if (plan.entries.length === 0) return nothingToDo(into, from, options);
      checkLayers(into);
      if (asked === undefined) await checkAlone(into);
      const taller = await build(into, from, plan, options);
      await check(into, from, taller, plan);
      const destination = asked ?? destinationOf(await placeOf(into, reference));
      const sourceLayers = new Set(into.facts.layers.map(({ digest }) => digest));
      const beside = { ...into, sourceLayers };
      const written = await destination.write({ images: [taller] }, beside, asked === undefined || force).finally(into.endSteps);
      return restoration(written, taller, plan, countWanted(from, options));
    }),
  );
}

function countWanted({ facts }: ReadImage, { paths }: RestoreOptions): number {
  return wantedPaths(facts, paths).length;
}

function nothingToDo(into: ReadImage, from: ReadImage, options: RestoreOptions): Restoration {
  const { reference, digest } = into.facts.image;
  const unchanged = countWanted(from, options);
  const notes = options.output === undefined ? [] : [`nothing was written to ${options.output}`];
  return { reference, digest, restored: [], unchanged, tarBytes: 0, compressedBytes: 0, notes };
}

function restoration(reference: string, taller: TallerImage, plan: RestorePlan, wanted: number): Restoration {
  const { tarBytes, compressedBytes } = taller.added;
  return {
    reference,
    digest: taller.manifest.descriptor.digest,
    restored: plan.paths,
    unchanged: wanted - plan.entries.length,
    tarBytes,
    compressedBytes,
    notes: plan.notes,
  };
}

function checkLayers({ facts }: ReadImage): void {
  if (facts.layers.length < mostLayers) return;
  const why = `it has ${facts.layers.length} layers, and engines stack at most ${mostLayers}`;
  throw new UserError("unsupported", `${facts.image.reference}: no layer can be put on top: ${why}`, {
    hint: "join some with deadweight optimize --layers squash-own, then bring the paths back",
  });
}

/** What takes an image's place would be alone there. */
async function checkAlone({ source, store, facts }: ReadImage): Promise<void> {
  const others = await othersBeside(source, store, facts.image);
  if (others === undefined) return;
  throw new UserError("exists", `${facts.image.reference}: ${others}, which would go with it`, {
    hint: "write the result elsewhere with -o",
    exitCode: 2,
  });
}

/** The image's own reference with the store that it was found in. */
async function placeOf({ store }: ReadImage, reference: string): Promise<string> {
  const { name } = parseReference(reference);
  if (store.scheme === "oci") return `oci:${await placeInFolder(name)}`;
  return store.scheme === "registry" ? `docker://${name}` : `${store.scheme}:${name}`;
}

async function build(into: ReadImage, from: ReadImage, plan: RestorePlan, options: RestoreOptions): Promise<TallerImage> {
  const shown = plan.entries.length === 1 ? plan.paths[0] : `${plan.paths.length} paths`;
  const row = { createdBy: `deadweight restore # ${shown ?? ""} of ${from.facts.image.digest}` };
  return addLayer(
    into.facts,
    { from: from.facts, join: plan.join, row },
    {
      labels: {},
      limits: defaultLimits,
      temporaryFolder: into.open.temporaryFolder,
      signal: into.open.signal,
      onProgress: (event) => options.onProgress?.(event),
    },
  );
}

async function check(into: ReadImage, from: ReadImage, taller: TallerImage, { entries }: RestorePlan): Promise<void> {
  const after = await factsOf(into, taller);
  const wrong = validateRestore({ into: into.facts, from: from.facts }, after, entries);
  if (wrong.length === 0) return;
  throw new Error(`the result is not as planned, nothing was written: ${wrong.slice(0, 5).join(", ")}`);
}

/** Reads the new layer; what the others hold is known. */
async function factsOf({ facts, open, readTrees }: ReadImage, taller: TallerImage): Promise<Facts> {
  const image = await completeImage(rewrittenSource(taller, facts.image.reference), open.platform, defaultLimits);
  const known = new Map(facts.layers.map((layer) => [layer.digest, layer]));
  const layers = await readTrees(image, { get: (key) => known.get(key), put: () => {}, close: () => {} });
  return createFacts({ ...facts, image, layers });
}
