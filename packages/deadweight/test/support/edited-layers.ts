import type { EntryEdit } from "../../src/contracts/transform.ts";
import type { TestEntry } from "./layers.ts";

/**
 * Test layers with a plan's edits carried out, as the writer of layers does it: the content of a removed name goes to its first hard
 * link that stays, the other links lead there. Entries are numbered through all layers, the lowest first.
 */
export function editedLayers(
  layers: readonly (readonly TestEntry[])[],
  edits: ReadonlyMap<number, EntryEdit>,
): readonly (readonly TestEntry[])[] {
  const all = layers.flat();
  let first = 0;
  return layers.map((layer) => {
    const entries = layer.map((entry, place) => ({ entry, edit: edits.get(first + place) }));
    const added = addedLinks(all, edits, { first, end: first + layer.length });
    first += layer.length;
    return [...edited(entries, all, edits), ...added];
  });
}

/** Links that come from higher layers to the end of one, each folder once. */
function addedLinks(
  all: readonly TestEntry[],
  edits: ReadonlyMap<number, EntryEdit>,
  { first, end }: { readonly first: number; readonly end: number },
): TestEntry[] {
  const added = new Map<string, TestEntry>();
  for (const [entry, edit] of edits) {
    const link = all[entry];
    if (edit.action !== "link-below" || edit.to < first || edit.to >= end || link === undefined) continue;
    for (const folder of edit.folders.flatMap((number) => all[number] ?? []))
      if (!added.has(bare(folder.path))) added.set(bare(folder.path), folder);
    const source = edits.get(edit.to);
    const of = source?.action === "take-attributes" ? source.of : edit.to;
    added.set(link.path, { path: link.path, ...attributesOf(all[of]), type: "hardlink", link: all[edit.to]?.path ?? "" });
  }
  return [...added.values()];
}

interface Edited {
  readonly entry: TestEntry;
  readonly edit: EntryEdit | undefined;
}

function edited(entries: readonly Edited[], all: readonly TestEntry[], edits: ReadonlyMap<number, EntryEdit>): TestEntry[] {
  const places = new Map(entries.map(({ entry }, place) => [bare(entry.path), place]));
  const carrierOf = (place: number): number => {
    const { type, link = "" } = entries[place]?.entry ?? { path: "" };
    return type === "hardlink" ? carrierOf(places.get(bare(link)) ?? -1) : place;
  };
  const heirs = new Map<number, string>();
  return entries.flatMap(({ entry, edit }, place): TestEntry[] => {
    if (edit?.action === "remove" || edit?.action === "link-below") return [];
    if (edit?.action === "hide") return [{ path: entry.path.replace(/([^/]+)\/?$/, ".wh.$1") }];
    if (edit?.action === "rewrite") return [{ ...entry, content: edit.content }];
    if (edit?.action === "cut-content") return [cut(entry, edit, all)];
    if (edit?.action === "link") return [linkTo(entry, edit.to, all, edits)];
    const now = edit?.action === "take-attributes" ? { ...entry, ...attributesOf(all[edit.of]) } : entry;
    const carrier = carrierOf(place);
    const source = entries[carrier];
    if (carrier === place || source === undefined) return [now];
    if (!isGone(source)) return [isGone(entries[places.get(now.link ?? "") ?? -1]) ? { ...now, link: source.entry.path } : now];
    const heir = heirs.get(carrier);
    if (heir !== undefined) return [{ ...now, link: heir }];
    heirs.set(carrier, now.path);
    const { type = "file", content, link } = source.entry;
    return [
      {
        ...withoutContent(now),
        type,
        ...(content === undefined ? {} : { content }),
        ...(link === undefined ? {} : { link }),
      },
    ];
  });
}

/** Other content, and the attributes of a higher copy where it takes them. */
function cut(entry: TestEntry, edit: EntryEdit & { readonly action: "cut-content" }, all: readonly TestEntry[]): TestEntry {
  const content = Buffer.from(entry.content ?? "");
  const pieces = edit.pieces.map((piece) =>
    "bytes" in piece ? piece.bytes : "zeros" in piece ? Buffer.alloc(piece.zeros) : content.subarray(piece.start, piece.end),
  );
  return { ...entry, ...(edit.of === undefined ? {} : attributesOf(all[edit.of])), content: Buffer.concat(pieces) };
}

/** A link has the attributes that the file will have. */
function linkTo(entry: TestEntry, to: number, all: readonly TestEntry[], edits: ReadonlyMap<number, EntryEdit>): TestEntry {
  const edit = edits.get(to);
  const isTaking = edit?.action === "take-attributes" || edit?.action === "cut-content";
  const attributes = isTaking && edit.of !== undefined ? attributesOf(all[edit.of]) : {};
  return { ...withoutContent(entry), ...attributes, type: "hardlink", link: all[to]?.path ?? "" };
}

function isGone(one: Edited | undefined): boolean {
  return one?.edit?.action === "remove" || one?.edit?.action === "hide";
}

function bare(path: string): string {
  return path.replace(/\/$/, "");
}

function attributesOf(entry: TestEntry | undefined): Partial<TestEntry> {
  const { uid = 0, gid = 0, mode = 0o644, mtime = 1_700_000_000, xattrs = {} } = entry ?? {};
  return { uid, gid, mode, mtime, xattrs };
}

function withoutContent({ path, mode, uid, gid, mtime, xattrs }: TestEntry): TestEntry {
  const rest = { mode, uid, gid, mtime, xattrs };
  return { path, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) };
}
