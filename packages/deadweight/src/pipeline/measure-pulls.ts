import { defaultLimits } from "../archive/limits.ts";
import type { Facts } from "../contracts/fact.ts";
import { createLayerRewriter, type LayerRewriter } from "../image/rewrite/layer-rewriter.ts";
import type { CheckJob } from "../image/rewrite/rewrite-threads.ts";
import { localBlob } from "../image/rewrite/rewrite-layers.ts";
import { inLayer } from "../image/read-layers.ts";
import { UserError } from "../lib/user-error.ts";
import type { Service } from "../model/config.ts";
import type { Layer } from "../model/image.ts";
import { pullGrowth } from "../model/measured-growth.ts";
import type { PulledImage, Pulls } from "../model/pulls.ts";
import type { ReadImage } from "./with-facts.ts";

export interface PullOptions {
  readonly bitsPerSecond?: number;
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly onNote: (text: string) => void;
}

/**
 * How long pulls of both images take, or why that can't be told. Unpacking is what an engine does with the bytes that it got, without the files: each layer is
 * decompressed, and its blob and its content are summed, one layer after the other in one thread. Both images in turns, the order changed
 * each time, after one round that doesn't count. Throws UserError `corrupt-layer`.
 */
export async function measurePulls(
  before: ReadImage,
  after: ReadImage,
  { measure, budgets }: Service,
  options: PullOptions,
): Promise<Pulls | string> {
  const bitsPerSecond = options.bitsPerSecond ?? measure.bandwidth;
  if (bitsPerSecond === undefined) return "no bandwidth was given: --bandwidth, or measure.bandwidth in deadweight.yaml";
  if (isCompressed(before.facts) !== isCompressed(after.facts))
    return "where one of them is stored layers are compressed, and of the other not: a registry or a layout with both has what pulls get";
  const known = { bitsPerSecond, measure, ...(budgets.pull === undefined ? {} : { budget: budgets.pull }) };
  const rewriter = createLayerRewriter({ limits: defaultLimits, signal: options.signal, threads: 0 });
  try {
    const [old, now] = [await unpacker(before, rewriter, options), await unpacker(after, rewriter, options)];
    const pullsOf = (): Pulls => ({ ...known, before: old.pulled(), after: now.pulled() });
    for (let round = 0; round < measure.rounds * 3; round++) {
      if (round > 0 && round % measure.rounds === 0 && pullGrowth(pullsOf())?.growth !== "unclear") break;
      options.onNote(`unpacking: round ${round + 1}`);
      for (const side of round % 2 === 0 ? [old, now] : [now, old]) await side.unpack();
    }
    return pullsOf();
  } finally {
    await rewriter.close();
  }
}

interface Unpacker {
  readonly unpack: () => Promise<void>;
  readonly pulled: () => PulledImage;
}

/** Has unpacked the image once already, so that its bytes are near. */
async function unpacker({ facts, open }: ReadImage, rewriter: LayerRewriter, { now, signal }: PullOptions): Promise<Unpacker> {
  const layers = [...new Map(facts.image.layers.map((layer) => [layer.diffId, layer])).values()];
  const blobs: { readonly layer: Layer; readonly job: CheckJob }[] = [];
  for (const layer of layers) {
    const checked = await localBlob(layer, { folder: open.temporaryFolder, signal });
    blobs.push({ layer, job: { checked, tarBytes: facts.layers[layer.index]?.tarBytes ?? 0 } });
  }
  const times: number[] = [];
  const unpack = async (): Promise<void> => {
    const start = now();
    for (const { layer, job } of blobs) await unpackLayer(rewriter, layer, job);
    times.push(now() - start);
  };
  await unpack();
  times.length = 0;
  const bytes = blobs.reduce((sum, { job }) => sum + job.checked.size, 0);
  return { unpack, pulled: () => ({ bytes, unpackMs: [...times] }) };
}

async function unpackLayer(rewriter: LayerRewriter, layer: Layer, job: CheckJob): Promise<void> {
  try {
    await rewriter.check(job, () => {});
  } catch (error) {
    throw error instanceof UserError ? inLayer(layer, error) : error;
  }
}

function isCompressed({ layers }: Facts): boolean {
  return layers.some(({ compression }) => compression !== "none");
}
