import { rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../lib/user-error.ts";
import type { Image } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { readersFor } from "../layer-reader.ts";
import type { LayerJoin } from "./arrangement.ts";
import type { Compressed } from "./compress-blocks.ts";
import { editsByLayer } from "./edits-by-layer.ts";
import { spanOf } from "./entry-span.ts";
import type { LayerCut } from "./layer-cut.ts";
import { planLayerCuts } from "./layer-edits.ts";
import { createLayerRewriter, type LayerRewriter } from "./layer-rewriter.ts";
import { packCuts } from "./packed-cuts.ts";
import { localBlob, nodeThreadsBeside, type NewLayerFile, type RewriteLayersOptions } from "./rewrite-layers.ts";
import type { GatherSource, RewrittenBlob } from "./rewrite-threads.ts";

/** Stores the entries of joined layers anew, in files of the folder; nothing of a layer is held whole. Throws UserError. */
export async function joinLayers(
  image: Image,
  layers: readonly LayerIndex[],
  layerJoin: LayerJoin,
  options: RewriteLayersOptions & { readonly compression: Compressed },
): Promise<readonly NewLayerFile[]> {
  const { compression, folder } = options;
  const name = `joined-${layerJoin.layers[0] ?? 0}`;
  const outputs = Array.from({ length: layerJoin.parts }, (_, part) => join(folder, `${name}-${part}`));
  const sources = await sourcesOf(image, layers, layerJoin, options);
  const blobs = await gather({ sources, outputs, name }, options);
  for (const { layer, source } of sources)
    if (image.layers[layer]?.blob.kind === "stream") await rm(source.path, { force: true });
  const files = blobs.map((blob, part) => ({ ...blob, path: outputs[part] ?? "" }));
  if (files.length > 1) return compressParts(files, options);
  return files.map((file) => ({ ...file, compression: compression.kind, isChecked: false }));
}

type JoinSource = GatherSource & { readonly layer: number };

async function sourcesOf(
  image: Image,
  layers: readonly LayerIndex[],
  layerJoin: LayerJoin,
  options: RewriteLayersOptions,
): Promise<readonly JoinSource[]> {
  const perLayer = editsByLayer(layers, layerJoin.edits);
  const sources: JoinSource[] = [];
  const firstOf = (number: number): number => layers.slice(0, number).reduce((sum, { count }) => sum + count, 0);
  const lowest = firstOf(layerJoin.layers[0] ?? 0);
  for (const number of layerJoin.layers) {
    const [layer, index, edits] = [image.layers[number], layers[number], perLayer.edits[number]];
    if (layer === undefined || index === undefined || edits === undefined) throw new RangeError(`no layer ${number}`);
    const first = firstOf(number);
    const others = [...insertions(index, first, layerJoin.before), endOf(index)];
    const cuts = planLayerCuts(index, { edits, attributesOf: perLayer.attributesOf, areFoldersPlaced: true, others });
    const { digest, tarBytes } = index;
    const source = await localBlob(layer, options);
    const routes = routesOf(index, layerJoin.partOf.subarray(first - lowest, first - lowest + index.count));
    sources.push({ layer: number, source, digest, tarBytes, cuts: packCuts(cuts), ...routes });
  }
  return sources;
}

function insertions(index: LayerIndex, first: number, before: LayerJoin["before"]): readonly LayerCut[] {
  const cuts: LayerCut[] = [];
  for (let place = 0; place < index.count && before.size > 0; place++) {
    const bytes = before.get(first + place);
    const { start } = spanOf(index, place);
    if (bytes !== undefined) cuts.push({ start, end: start, before: bytes });
  }
  return cuts;
}

/** The end of a layer's archive is none of what it is joined to. */
function endOf({ starts, count, tarBytes }: LayerIndex): LayerCut {
  return { start: starts[count] ?? tarBytes, end: tarBytes };
}

function routesOf({ starts }: LayerIndex, partOf: Uint8Array): Pick<GatherSource, "starts" | "parts"> {
  const changes = Array.from(partOf.keys()).filter((place) => place === 0 || partOf[place] !== partOf[place - 1]);
  return {
    starts: Float64Array.from(changes, (place) => starts[place] ?? 0),
    parts: Uint8Array.from(changes, (place) => partOf[place] ?? 0),
  };
}

async function gather(
  {
    sources,
    outputs,
    name,
  }: { readonly sources: readonly JoinSource[]; readonly outputs: readonly string[]; readonly name: string },
  options: RewriteLayersOptions & { readonly compression: Compressed },
): Promise<readonly RewrittenBlob[]> {
  const { compression, limits, signal, onProgress } = options;
  const rewriter = createLayerRewriter({ limits, signal, threads: nodeThreadsBeside(1) });
  const total = sources.reduce((sum, { source }) => sum + source.size, 0);
  const label = `join ${sources.length} layers`;
  onProgress({ kind: "start", id: name, label, total });
  try {
    const blobs = await rewriter.gather({ sources, outputs, compression }, (done) =>
      onProgress({ kind: "advance", id: name, done, total }),
    );
    onProgress({ kind: "end", id: name });
    return blobs;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, hint, exitCode } = error;
    const told = { cause: error, exitCode, ...(hint === undefined ? {} : { hint }) };
    throw new UserError(code, `layers ${sources.map(({ layer }) => layer).join(", ")}: ${error.message}`, told);
  } finally {
    await rewriter.close();
  }
}

type PartFile = RewrittenBlob & { readonly path: string };

/** Compresses parts that are written as they are, the largest first, several side by side where one alone does not use all cores. */
async function compressParts(
  files: readonly PartFile[],
  options: RewriteLayersOptions & { readonly compression: Compressed },
): Promise<readonly NewLayerFile[]> {
  const { compression, limits, signal } = options;
  if (compression.kind === "none") return files.map((file) => ({ ...file, compression: compression.kind, isChecked: false }));
  const made = new Map<string, NewLayerFile>();
  const queue = files.toSorted((one, other) => other.tarBytes - one.tarBytes);
  // A gzip member is made in blocks by several threads, and each worker more takes some 100 MB.
  const workers = compression.kind === "gzip" ? 1 : Math.min(readersFor(queue.length), queue.length);
  const work = Array.from({ length: workers }, async () => {
    const rewriter = createLayerRewriter({ limits, signal, threads: nodeThreadsBeside(workers) });
    try {
      for (let file = queue.shift(); file !== undefined; file = queue.shift())
        made.set(file.path, await compressPart(rewriter, file, options));
    } catch (error) {
      queue.length = 0;
      throw error;
    } finally {
      await rewriter.close();
    }
  });
  for (const { status, reason } of (await Promise.allSettled(work)) as { status: string; reason?: unknown }[])
    if (status === "rejected") throw reason;
  return files.flatMap(({ path }) => made.get(path) ?? []);
}

async function compressPart(
  rewriter: LayerRewriter,
  { path, digest, diffId, tarBytes }: PartFile,
  { compression, onProgress }: RewriteLayersOptions & { readonly compression: Compressed },
): Promise<NewLayerFile> {
  const output = `${path}.${compression.kind}`;
  const source = { path, offset: 0, size: tarBytes };
  const id = output;
  onProgress({ kind: "start", id, label: `compress part ${path.slice(path.lastIndexOf("-") + 1)}`, total: tarBytes });
  const job = { source, digest, diffId, tarBytes, isGzip: false, cuts: packCuts([]), isChecked: false, compression, output };
  const blob = await rewriter.rewrite(job, (done) => onProgress({ kind: "advance", id, done, total: tarBytes }));
  onProgress({ kind: "end", id });
  await rm(path);
  return { ...blob, path: output, compression: compression.kind, isChecked: false };
}
