import { defaultLimits } from "../archive/limits.ts";
import type { OpenOptions } from "../contracts/store.ts";
import { createFacts, type Facts } from "../contracts/fact.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { completeImage } from "../image/complete.ts";
import { arrangeImage } from "../image/rewrite/arrange-image.ts";
import { rewriteImage, type RewriteOptions, type RewrittenImage } from "../image/rewrite/rewrite-image.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { gpusLabel, printTarget } from "../model/gpu.ts";
import { type LayerShape, printLayerShape, rebuildsBase } from "../model/layer-shape.ts";
import type { Level, Optimization, Result, Weight } from "../model/optimization.ts";
import type { Report } from "../model/report.ts";
import { rules } from "../rules/index.ts";
import { pruneDeviceCode } from "../transforms/prune-device-code.ts";
import { rootOf } from "../stores/write/outgoing-blobs.ts";
import { reportOf } from "./analyze.ts";
import { arrangeLayers } from "./arrange-layers.ts";
import { sampledPrediction } from "./arrange-layers/sampled-prediction.ts";
import { chooseImages } from "./choose-images.ts";
import { checkDestination, destinationOf, type Destination } from "./destination.ts";
import { omissionsOf } from "./omissions.ts";
import { type MadeImage, type MadeIndex, optimizeIndex } from "./optimize-index.ts";
import { type ChangePlan, planChanges } from "./plan-changes.ts";
import { rewrittenSource } from "./rewritten-source.ts";
import { settlePlan, type SettledPlan } from "./settle-plan.ts";
import { validateRewrite } from "./validate-rewrite.ts";
import { type FoundImage, type ImageOptions, readFacts, type ReadImage, withSource } from "./with-facts.ts";

export interface OptimizeOptions extends ImageOptions {
  /**
   * Whether all platforms of an index are rewritten, with the index, or one is written alone. When absent, all are where no platform is named
   * and the destination holds an index: nobody's platform goes without being named.
   */
  readonly allPlatforms?: boolean;
  readonly level: Level;
  /** Names of transforms: only these, or all but these. One that is opt-in is applied when it is among the first alone. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** Patterns of paths that stay as they are. */
  readonly keep: readonly string[];
  /** Whether layers of the base image may be changed as well; images on the same base then share them no longer. */
  readonly rewriteBase: boolean;
  /** Which layers the result has; those of the source when absent. What makes the base's anew changes them as `rewriteBase` does. */
  readonly layers?: LayerShape;
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
  given: OptimizeOptions,
  edit: typeof rewriteImage = rewriteImage,
): Promise<Optimization> {
  const shape: LayerShape = given.layers ?? { kind: "keep" };
  const options = {
    ...given,
    rewriteBase: given.rewriteBase || rebuildsBase(shape),
    devicePointers: isPruned(given),
  };
  const asked = destination === undefined ? undefined : destinationOf(destination);
  if (asked !== undefined) await checkDestination(asked, options.force);
  const make = (read: ReadImage): Promise<MadeImage> => makeImage(read, asked !== undefined, options, edit);
  return withSource(reference, options, async (found) => {
    const chosen = await chooseImages(found, asked, options);
    if (chosen.index === undefined) return optimizeImage(await readFacts(chosen, options), asked, options, make);
    const { optimization, outgoing, ...about } = await optimizeIndex(chosen, chosen.index, { ...options, make });
    const planned = { ...optimization, level: options.level };
    if (asked === undefined || outgoing === undefined) return planned;
    return { ...planned, result: await write(chosen, asked, { outgoing, ...about }, options) };
  });
}

async function optimizeImage(
  read: ReadImage,
  asked: Destination | undefined,
  options: OptimizeOptions,
  make: (read: ReadImage) => Promise<MadeImage>,
): Promise<Optimization> {
  const { before, predicted, changes, notes, rewritten, isChanged, report } = await make(read);
  const { omissions, note } = await omissionsOf(read.source, read.facts.image.digest);
  const planned = { ...report(), level: options.level, before, predicted, changes, omissions, notes: [...notes, ...note] };
  if (asked === undefined || rewritten === undefined) return planned;
  const sourceLayers = new Set(read.facts.layers.map(({ digest }) => digest));
  const result = await write(read, asked, { outgoing: { images: [rewritten] }, isCopy: !isChanged, sourceLayers }, options);
  const { tarBytes, compressedBytes } = rewritten;
  return { ...planned, after: { tarBytes, compressedBytes }, result };
}

/** Plans an image and, when it is to be written, makes it and compares it with what was planned. */
async function makeImage(
  read: ReadImage,
  isWritten: boolean,
  options: OptimizeOptions,
  edit: typeof rewriteImage,
): Promise<MadeImage> {
  options.onProgress?.({ kind: "note", text: "planning changes" });
  const arranged = arrangeLayers(read.facts, planChanges(read.facts, options), options.layers ?? { kind: "keep" });
  if (arranged.arrangement !== undefined) options.onProgress?.({ kind: "note", text: "sampling what joined layers take" });
  const plan = sampledPrediction(read.facts, arranged, options.compression);
  const { predicted, changes } = plan;
  const notes = [...plan.notes, ...gpusNote(options)];
  const report = (): Report => reportOf(read.facts, rules);
  const planned = { before: weightOf(read.facts.layers), predicted, changes, notes, report };
  if (!isWritten)
    return { ...planned, isChanged: plan.edits.size > 0 || plan.arrangement !== undefined || options.compression !== "keep" };
  const settled = await settlePlan(read, plan, options);
  const labels = labelsOf(read.facts, plan, options);
  const rewritten = await rewrite(read.facts, settled, options, { ...read.open, edit, labels });
  if (options.validate) await validate(read, rewritten, settled, options);
  return { ...planned, rewritten, isChanged: rewritten.changed.length > 0 };
}

/** The image with the edits; when they change nothing it is the same to the byte, without labels of ours. */
async function rewrite(
  facts: Facts,
  { edits, image, arrangement }: SettledPlan,
  options: OptimizeOptions,
  {
    edit,
    labels,
    temporaryFolder,
    signal,
  }: OpenOptions & Pick<RewriteOptions, "labels"> & { readonly edit: typeof rewriteImage },
): Promise<RewrittenImage> {
  const origins = facts.get(layerOrigins).layers;
  const settings: RewriteOptions = {
    compression: options.compression,
    mayRecompress: (layer) => options.rewriteBase || origins[layer]?.base !== true,
    labels: {
      ...labels,
      ...(arrangement === undefined ? {} : { "dev.deadweight.layers": printLayerShape(options.layers ?? { kind: "keep" }) }),
    },
    isChecked: options.validate,
    limits: defaultLimits,
    temporaryFolder,
    signal,
    onProgress: (event) => options.onProgress?.(event),
  };
  return arrangement === undefined
    ? edit(image, facts.layers, edits, settings)
    : arrangeImage(image, facts.layers, edits, arrangement, settings);
}

/** Whether code for GPUs may be cut, so that it has to be known what leads to it. */
function isPruned({ gpus, level, only, skip }: OptimizeOptions): boolean {
  const name = pruneDeviceCode.name;
  return gpus !== undefined && skip?.includes(name) !== true && (only?.includes(name) ?? level === "verified");
}

/** What names of GPUs change by themselves: nothing. */
function gpusNote(options: OptimizeOptions): readonly string[] {
  if (options.gpus === undefined || isPruned(options)) return [];
  return ["code for other GPUs stays: --level verified or --only prune-device-code cuts it"];
}

/** On another GPU than those the label names kernels fail, as CUDA says, with no image for the device. */
function labelsOf(
  { image, gpus }: Facts,
  { changes }: Pick<ChangePlan, "changes">,
  { level }: OptimizeOptions,
): RewriteOptions["labels"] {
  const isCut = changes.some(({ transform }) => transform === pruneDeviceCode.name);
  return {
    "dev.deadweight.version": toolVersion(),
    "dev.deadweight.source-digest": image.digest,
    "dev.deadweight.level": level,
    ...(isCut && gpus !== undefined ? { [gpusLabel]: gpus.targets.map(printTarget).join(",") } : {}),
  };
}

async function validate(read: ReadImage, rewritten: RewrittenImage, plan: SettledPlan, options: OptimizeOptions): Promise<void> {
  options.onProgress?.({ kind: "note", text: "validating the result" });
  const after = await factsOfRewritten(read, rewritten);
  const { edits, sums, arrangement } = plan;
  const violations = validateRewrite(read.facts, after, {
    edits,
    sums,
    isRecompressed: options.compression !== "keep",
    ...(arrangement === undefined ? {} : { layers: arrangement.layers }),
  });
  if (violations.length === 0) return;
  const told = violations.slice(0, 5).map(({ message, expected, actual }) => `${message} (expected ${expected}, is ${actual})`);
  throw new Error(`the result breaks ${violations.length} invariants, nothing was written: ${told.join("; ")}`);
}

async function write(
  found: FoundImage,
  destination: Destination,
  { outgoing, isCopy, sourceLayers }: Required<Pick<MadeIndex, "outgoing" | "isCopy" | "sourceLayers">>,
  { force, validate: isValidated }: OptimizeOptions,
): Promise<Result> {
  const reference = await destination.write(outgoing, { ...found, sourceLayers }, force).finally(found.endSteps);
  return { reference, digest: rootOf(outgoing).descriptor.digest, isCopy, isValidated };
}

/**
 * Reads the layers that were rewritten. What the others hold is known, also when they are compressed otherwise: they were compared as they
 * were written, and stores check the digests of what they write.
 */
async function factsOfRewritten({ facts, open, readTrees }: ReadImage, rewritten: RewrittenImage): Promise<Facts> {
  const image = await completeImage(rewrittenSource(rewritten, facts.image.reference), open.platform, defaultLimits);
  const byDigest = new Map([...facts.layers, ...rewritten.checked].map((layer) => [layer.digest, layer]));
  const layers = await readTrees(image, { get: (key) => byDigest.get(key), put: () => {}, close: () => {} });
  return createFacts({ ...facts, image, layers });
}

function weightOf(layers: Facts["layers"]): Weight {
  return {
    tarBytes: layers.reduce((sum, layer) => sum + layer.tarBytes, 0),
    compressedBytes: layers.reduce((sum, layer) => sum + layer.compressedBytes, 0),
  };
}
