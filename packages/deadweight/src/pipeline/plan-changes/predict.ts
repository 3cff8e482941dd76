import { encodeHeader, type TarRecord } from "../../archive/tar-writer.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { ContentPiece, EntryEdit } from "../../contracts/transform.ts";
import { elfOutlineOf } from "../../facts/debugged-files.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { attributesSource } from "../../image/rewrite/links-at-end.ts";
import type { ByteString } from "../../lib/byte-string.ts";

/** What entries will cost; those without a cost here cost what they do now. */
export interface Costs {
  readonly tarBytes: number;
  readonly compressedBytes: number;
}

const blockSize = 512;

/** About what a header takes of a compressed layer, when others like it stand around: names and checksums differ. */
const compressedHeaderBytes = 100;

/** The costs of edited entries, and of hard links that get the content of a removed one. */
export function predictCosts(facts: Facts, edits: ReadonlyMap<number, EntryEdit>): ReadonlyMap<number, Costs> {
  const tree = facts.get(fileTree);
  const costs = new Map<number, Costs>();
  const sizeBelow = sizesOfLinksBelow(tree, edits);
  for (const [entry, edit] of edits) {
    const isBelow = edit.action === "link-below";
    const size = isBelow ? sizeBelow(entry, edit) : editedSize(tree, entry, edit);
    const after = costsAfter(facts, tree, { entry, layer: tree.layerOf(isBelow ? edit.to : entry) }, size);
    const cut = edit.action === "cut-content" ? cutCost(facts, tree, entry, edit) : undefined;
    costs.set(entry, cut === undefined ? after : { ...after, compressedBytes: cut });
  }
  for (const [content, heirs] of heirsOf(tree, edits))
    for (const heir of heirs) inherit(facts, tree, content, heir, heirs, costs);
  return costs;
}

/** Uncompressed bytes of the entry once it is edited. */
function editedSize(tree: FileTree, entry: number, edit: Exclude<EntryEdit, { readonly action: "link-below" }>): number {
  const before = tree.tarBytes(entry);
  const content = padded(tree.storedSize(entry));
  const record = recordOf(tree, entry);
  if (edit.action === "remove") return 0;
  if (edit.action === "hide")
    return headerSize({ typeflag: "0", name: whiteoutName(tree.path(entry)), mtime: record.mtime ?? 0 });
  if (edit.action === "rewrite") return before - content + padded(edit.content.length);
  if (edit.action === "link")
    return before - content + grown(record, { ...record, typeflag: "1", size: 0, linkname: tree.path(edit.to) });
  if (edit.action === "cut-content") {
    const taken = edit.of === undefined ? 0 : grown(record, { ...recordOf(tree, edit.of), typeflag: "0", name: record.name });
    return before - content + padded(edit.size) + taken;
  }
  const { typeflag, name, size = 0, linkname = "" } = record;
  return before + grown(record, { ...recordOf(tree, edit.of), typeflag, name, size, linkname });
}

/** Uncompressed bytes of links in lower layers; a folder counts for the first link that it comes with. */
function sizesOfLinksBelow(
  tree: FileTree,
  edits: ReadonlyMap<number, EntryEdit>,
): (entry: number, edit: EntryEdit & { readonly action: "link-below" }) => number {
  const counted = new Set<string>();
  return (entry, { to, folders }) => {
    const link = {
      ...recordOf(tree, attributesSource(to, edits)),
      typeflag: "1",
      size: 0,
      name: tree.path(entry),
      linkname: tree.path(to),
    };
    const missing = folders.filter((folder) => {
      const key = `${tree.layerOf(to)} ${tree.nodeOf(folder)}`;
      return !counted.has(key) && counted.add(key);
    });
    const folderRecord = (folder: number): TarRecord => ({ ...recordOf(tree, folder), name: `${tree.path(folder)}/` });
    return missing.reduce((sum, folder) => sum + headerSize(folderRecord(folder)), headerSize(link));
  };
}

/** By removed entry: the hard links of its layer that stay; the first gets the content, the others lead to it. */
function heirsOf(tree: FileTree, edits: ReadonlyMap<number, EntryEdit>): ReadonlyMap<number, readonly number[]> {
  const isGone = (entry: number): boolean => {
    const action = edits.get(entry)?.action;
    return action === "remove" || action === "hide" || action === "link-below";
  };
  const heirs = new Map<number, number[]>();
  for (let entry = 0; entry < tree.entryCount; entry++) {
    const content = tree.contentOf(entry);
    if (content === entry || !isGone(content) || isGone(entry)) continue;
    const known = heirs.get(content);
    if (known === undefined) heirs.set(content, [entry]);
    else known.push(entry);
  }
  return heirs;
}

function inherit(
  facts: Facts,
  tree: FileTree,
  content: number,
  heir: number,
  heirs: readonly number[],
  costs: Map<number, Costs>,
): void {
  const before = costs.get(heir) ?? { tarBytes: tree.tarBytes(heir), compressedBytes: tree.compressedBytes(heir) };
  const record = recordOf(tree, heir);
  const linked: TarRecord = { ...record, linkname: tree.path(content) };
  const [first = heir] = heirs;
  if (heir !== first) {
    const change = grown(linked, { ...record, linkname: tree.path(first) });
    costs.set(heir, { ...before, tarBytes: before.tarBytes + change });
    return;
  }
  const stored = tree.storedSize(content);
  const tarBytes = before.tarBytes + padded(stored) + grown(linked, { ...recordOf(tree, content), name: record.name });
  const share = tree.compressedBytes(content) * (padded(stored) / tree.tarBytes(content));
  const isPlain = facts.layers[tree.layerOf(heir)]?.compression === "none";
  costs.set(heir, { tarBytes, compressedBytes: isPlain ? tarBytes : before.compressedBytes + Math.round(share) });
}

/** Compressed bytes in proportion, but for what is a header alone. */
function costsAfter(
  facts: Facts,
  tree: FileTree,
  { entry, layer }: { readonly entry: number; readonly layer: number },
  tarBytes: number,
): Costs {
  if (facts.layers[layer]?.compression === "none") return { tarBytes, compressedBytes: tarBytes };
  const share = Math.round(tree.compressedBytes(entry) * (tarBytes / tree.tarBytes(entry)));
  const blocks = Math.ceil(tarBytes / blockSize);
  return { tarBytes, compressedBytes: blocks <= 3 ? Math.min(share, blocks * compressedHeaderBytes) : share };
}

/** Debug information and device code are compressed unlike what they go with: what the blob has for them is known apart. */
function cutCost(
  facts: Facts,
  tree: FileTree,
  entry: number,
  { pieces, size }: EntryEdit & { readonly action: "cut-content" },
): number | undefined {
  const outline = elfOutlineOf(facts, tree, entry);
  if (outline === undefined || facts.layers[tree.layerOf(entry)]?.compression === "none") return undefined;
  const unloaded = Math.max(1, tree.size(entry) - outline.unloadedStart);
  const device = deviceCut(tree, entry, pieces);
  const share = Math.min(1, Math.max(0, tree.size(entry) - size - device.bytes) / unloaded);
  return Math.round(tree.compressedBytes(entry) - device.compressedBytes - outline.unloadedCompressedBytes * share);
}

/** Images of device code that go. */
function deviceCut(
  tree: FileTree,
  entry: number,
  pieces: readonly ContentPiece[],
): { readonly bytes: number; readonly compressedBytes: number } {
  const table = tree.deviceTable(entry);
  const kept = pieces.flatMap((piece) => ("end" in piece ? [piece] : []));
  const cut = { bytes: 0, compressedBytes: 0 };
  let next = 0;
  for (const [place, offset] of (table?.offsets ?? new Float64Array(0)).entries()) {
    while ((kept[next]?.end ?? Infinity) <= offset) next++;
    if ((kept[next]?.start ?? Infinity) <= offset) continue;
    cut.bytes += table?.sizes[place] ?? 0;
    cut.compressedBytes += table?.compressed[place] ?? 0;
  }
  return cut;
}

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}

function grown(from: TarRecord, to: TarRecord): number {
  return headerSize(to) - headerSize(from);
}

function headerSize(record: TarRecord): number {
  return encodeHeader(record).length;
}

function recordOf(tree: FileTree, entry: number): TarRecord {
  const [uid = 0, gid = 0] = tree.owner(entry).split(":").map(Number);
  const type = tree.type(entry);
  const symlink = tree.symlink(entry);
  const linkname = type === "hardlink" ? tree.path(tree.contentOf(entry)) : symlink;
  return {
    typeflag: "0",
    name: tree.path(entry),
    size: tree.storedSize(entry),
    uid,
    gid,
    mtime: tree.mtime(entry),
    ...(linkname === undefined ? {} : { linkname }),
    pax: new Map([...tree.xattrs(entry)].map(([name, value]) => [`SCHILY.xattr.${name}`, value])),
  };
}

function whiteoutName(path: ByteString): ByteString {
  const slash = path.lastIndexOf("/") + 1;
  return `${path.slice(0, slash)}.wh.${path.slice(slash)}`;
}
