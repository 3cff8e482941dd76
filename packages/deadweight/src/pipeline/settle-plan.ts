import { defaultLimits } from "../archive/limits.ts";
import type { EntryEdit } from "../contracts/transform.ts";
import type { Arrangement } from "../image/rewrite/arrangement.ts";
import type { NewContentSums } from "../image/rewrite/new-content-sums.ts";
import { sumCutContents } from "../image/rewrite/sum-cut-contents.ts";
import { bytesOf } from "../lib/byte-string.ts";
import type { Image } from "../model/image.ts";
import type { ArrangedPlan } from "./arrange-layers.ts";
import type { ImageOptions, ReadImage } from "./with-facts.ts";

/** A plan with nothing left open, ready to be carried out. */
export interface SettledPlan {
  readonly edits: ReadonlyMap<number, EntryEdit>;
  /** Of the contents that edits cut. */
  readonly sums: NewContentSums;
  /** The image, with blobs that came as streams in files where they were read again. */
  readonly image: Image;
  readonly arrangement?: Arrangement;
}

/**
 * Fills in the sums of new contents that records are to have. What is planned has its final size already, so a dry run needs none of
 * this. Without contents that are cut nothing is read.
 */
export async function settlePlan(
  { facts, open }: ReadImage,
  { edits, arrangement }: Pick<ArrangedPlan, "edits" | "arrangement">,
  { onProgress }: Pick<ImageOptions, "onProgress">,
): Promise<SettledPlan> {
  const isCut = [...edits.values()].some(({ action }) => action === "cut-content");
  if (!isCut) return { edits, sums: new Map(), image: facts.image, ...(arrangement === undefined ? {} : { arrangement }) };
  const { sums, image } = await sumCutContents(facts.image, facts.layers, edits, {
    limits: defaultLimits,
    folder: open.temporaryFolder,
    signal: open.signal,
    onProgress: (event) => onProgress?.(event),
  });
  const summed = (map: typeof edits): typeof edits => new Map([...map].map(([entry, edit]) => [entry, withSums(edit, sums)]));
  const joins = arrangement?.joins.map((join) => ({ ...join, edits: summed(join.edits) }));
  return {
    edits: summed(edits),
    sums,
    image,
    ...(arrangement === undefined || joins === undefined ? {} : { arrangement: { ...arrangement, joins } }),
  };
}

/** The edit with digests where it has room for them. */
export function withSums(edit: EntryEdit, sums: NewContentSums): EntryEdit {
  if (edit.action !== "rewrite" || edit.digests === undefined) return edit;
  const content = Buffer.from(edit.content);
  for (const { at, of, algorithm, encoding, before } of edit.digests) {
    const sum = sums.get(of);
    if (sum === undefined) throw new Error(`the new content of entry ${of} was not summed`);
    if (before !== undefined && before !== sum.md5Before) continue;
    content.set(bytesOf(Buffer.from(sum[algorithm], "hex").toString(encoding)), at);
  }
  return { action: "rewrite", content };
}
