import { defaultLimits } from "../archive/limits.ts";
import type { EntryEdit } from "../contracts/transform.ts";
import type { NewContentSums } from "../image/rewrite/new-content-sums.ts";
import { sumCutContents } from "../image/rewrite/sum-cut-contents.ts";
import { bytesOf } from "../lib/byte-string.ts";
import type { Image } from "../model/image.ts";
import type { ChangePlan } from "./plan-changes.ts";
import type { ImageOptions, ReadImage } from "./with-facts.ts";

/** A plan with nothing left open, ready to be carried out. */
export interface SettledPlan {
  readonly edits: ReadonlyMap<number, EntryEdit>;
  /** Of the contents that edits cut. */
  readonly sums: NewContentSums;
  /** The image, with blobs that came as streams in files where they were read again. */
  readonly image: Image;
}

/**
 * Fills in the sums of new contents that records are to have. What is planned has its final size already, so a dry run needs none of
 * this. Without contents that are cut nothing is read.
 */
export async function settlePlan(
  { facts, open }: ReadImage,
  { edits }: Pick<ChangePlan, "edits">,
  { onProgress }: Pick<ImageOptions, "onProgress">,
): Promise<SettledPlan> {
  const isCut = [...edits.values()].some(({ action }) => action === "cut-content");
  if (!isCut) return { edits, sums: new Map(), image: facts.image };
  const { sums, image } = await sumCutContents(facts.image, facts.layers, edits, {
    limits: defaultLimits,
    folder: open.temporaryFolder,
    signal: open.signal,
    onProgress: (event) => onProgress?.(event),
  });
  return { edits: new Map([...edits].map(([entry, edit]) => [entry, withSums(edit, sums)])), sums, image };
}

/** The edit with digests where it has room for them. */
export function withSums(edit: EntryEdit, sums: NewContentSums): EntryEdit {
  if (edit.action !== "rewrite" || edit.digests === undefined) return edit;
  const content = Buffer.from(edit.content);
  for (const { at, of, algorithm, encoding } of edit.digests) {
    const sum = sums.get(of)?.[algorithm];
    if (sum === undefined) throw new Error(`the new content of entry ${of} was not summed`);
    content.set(bytesOf(Buffer.from(sum, "hex").toString(encoding)), at);
  }
  return { action: "rewrite", content };
}
