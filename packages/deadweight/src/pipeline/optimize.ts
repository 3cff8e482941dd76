import { defaultLimits } from "../archive/limits.ts";
import type { OpenOptions, OutgoingImage } from "../contracts/store.ts";
import { createFacts, type Facts } from "../contracts/fact.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { completeImage } from "../image/complete.ts";
import { rewriteImage, type RewriteOptions, type RewrittenImage } from "../image/rewrite/rewrite-image.ts";
import { toolVersion } from "../lib/tool-version.ts";
import type { Level, Optimization, Weight } from "../model/optimization.ts";
import { gpusLabel, printTarget } from "../model/gpu.ts";
import { rules } from "../rules/index.ts";
import { pruneDeviceCode } from "../transforms/prune-device-code.ts";
import { reportOf } from "./analyze.ts";
import { checkDestination, destinationOf, type Destination } from "./destination.ts";
import { omissionsOf } from "./omissions.ts";
import { planChanges, type ChangePlan } from "./plan-changes.ts";
import { settlePlan, type SettledPlan } from "./settle-plan.ts";
import { rewrittenSource } from "./rewritten-source.ts";
import { validateRewrite } from "./validate-rewrite.ts";
import { type ImageOptions, type ReadImage, withFacts } from "./with-facts.ts";

export interface OptimizeOptions extends ImageOptions {
  readonly level: Level;
  /** Names of transforms: only these, or all but these. One that is opt-in is applied when it is among the first alone. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** Patterns of paths that stay as they are. */
  readonly keep: readonly string[];
  /** Whether layers of the base image may be changed as well; images on the same base then share them no longer. */
  readonly rewriteBase: boolean;
  readonly compression: RewriteOptions["compression"];
  /** Whether the rewritten image is read again and compared before it is written. */
  readonly validate: boolean;
  /** Whether what is at the destination may be replaced. */
  readonly force: boolean;
}

/**
 * Makes a smaller image that behaves the same, with every change and its reason. Without a destination it only plans. The destination is
 * written when the rewritten image has been read again and is what was planned: it has all of it or is as it was. Throws UserError; any
 * other error is a bug, a rewritten image that breaks an invariant among them.
 */
export async function optimize(
  reference: string,
  destination: string | undefined,
  options: OptimizeOptions,
  edit: typeof rewriteImage = rewriteImage,
): Promise<Optimization> {
  const asked = destination === undefined ? undefined : destinationOf(destination);
  if (asked !== undefined) await checkDestination(asked, options.force);
  return withFacts(reference, { ...options, devicePointers: isPruned(options) }, async (read) => {
    options.onProgress?.({ kind: "note", text: "planning changes" });
    const plan = planChanges(read.facts, options);
    const planned = await plannedOptimization(read, plan, options);
    if (asked === undefined) return planned;
    const settled = await settlePlan(read, plan, options);
    const labels = labelsOf(read.facts, plan, options);
    const rewritten = await rewrite(read.facts, settled, options, { ...read.open, edit, labels });
    if (options.validate) await validate(read, rewritten, settled, options);
    return { ...planned, ...(await write(read, asked, rewritten, options)) };
  });
}

async function plannedOptimization(
  { facts, source }: ReadImage,
  { changes, predicted, notes }: ChangePlan,
  { level }: OptimizeOptions,
): Promise<Optimization> {
  return {
    ...reportOf(facts, rules),
    level,
    before: weightOf(facts.layers),
    predicted,
    changes,
    omissions: await omissionsOf(source, facts.image.digest),
    notes,
  };
}

/** The image with the edits; when they change nothing it is the same to the byte, without labels of ours. */
async function rewrite(
  facts: Facts,
  { edits, image }: SettledPlan,
  options: OptimizeOptions,
  {
    edit,
    labels,
    temporaryFolder,
    signal,
  }: OpenOptions & Pick<RewriteOptions, "labels"> & { readonly edit: typeof rewriteImage },
): Promise<RewrittenImage> {
  const origins = facts.get(layerOrigins).layers;
  return edit(image, facts.layers, edits, {
    compression: options.compression,
    mayRecompress: (layer) => options.rewriteBase || origins[layer]?.base !== true,
    labels,
    limits: defaultLimits,
    temporaryFolder,
    signal,
    onProgress: (event) => options.onProgress?.(event),
  });
}

/** Whether code for GPUs may be cut, so that it has to be known what leads to it. */
function isPruned({ gpus, level, only, skip }: OptimizeOptions): boolean {
  const name = pruneDeviceCode.name;
  return gpus !== undefined && skip?.includes(name) !== true && (only?.includes(name) ?? level === "verified");
}

/** On another GPU than those the label names kernels fail, as CUDA says, with no image for the device. */
function labelsOf({ image, gpus }: Facts, { changes }: ChangePlan, { level }: OptimizeOptions): RewriteOptions["labels"] {
  const isCut = changes.some(({ transform }) => transform === pruneDeviceCode.name);
  return {
    "dev.deadweight.version": toolVersion(),
    "dev.deadweight.source-digest": image.digest,
    "dev.deadweight.level": level,
    ...(isCut && gpus !== undefined ? { [gpusLabel]: gpus.targets.map(printTarget).join(",") } : {}),
  };
}

async function validate(read: ReadImage, rewritten: OutgoingImage, plan: SettledPlan, options: OptimizeOptions): Promise<void> {
  options.onProgress?.({ kind: "note", text: "validating the result" });
  const after = await factsOfRewritten(read, rewritten);
  const violations = validateRewrite(read.facts, after, { ...plan, isRecompressed: options.compression !== "keep" });
  if (violations.length === 0) return;
  const told = violations.slice(0, 5).map(({ message, expected, actual }) => `${message} (expected ${expected}, is ${actual})`);
  throw new Error(`the result breaks ${violations.length} invariants, nothing was written: ${told.join("; ")}`);
}

async function write(
  read: ReadImage,
  destination: Destination,
  rewritten: RewrittenImage,
  { force, validate: isValidated }: OptimizeOptions,
): Promise<Required<Pick<Optimization, "after" | "result">>> {
  const reference = await destination.write(rewritten, read, force).finally(read.endSteps);
  const { tarBytes, compressedBytes, changed, manifest } = rewritten;
  const result = { reference, digest: manifest.descriptor.digest, isCopy: changed.length === 0, isValidated };
  return { after: { tarBytes, compressedBytes }, result };
}

/** Reads the layers that were rewritten; what the others hold is known. */
async function factsOfRewritten({ facts, open, readIndexes }: ReadImage, rewritten: OutgoingImage): Promise<Facts> {
  const image = await completeImage(rewrittenSource(rewritten, facts.image.reference), open.platform, defaultLimits);
  const byDigest = new Map(facts.layers.map((layer) => [layer.digest, layer]));
  const layers = await readIndexes(image, { get: (key) => byDigest.get(key), put: () => {}, close: () => {} });
  return createFacts({ ...facts, image, layers });
}

function weightOf(layers: Facts["layers"]): Weight {
  return {
    tarBytes: layers.reduce((sum, layer) => sum + layer.tarBytes, 0),
    compressedBytes: layers.reduce((sum, layer) => sum + layer.compressedBytes, 0),
  };
}
