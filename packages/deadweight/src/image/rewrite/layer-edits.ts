import { padded } from "../../archive/tar-writer.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { contentCuts } from "./content-cuts.ts";
import { entryTypes, type LayerIndex } from "../../model/layer-index.ts";
import { rootNode } from "../../model/path-table.ts";
import type { Attributes, HeaderChange } from "./change-header.ts";
import { attributesOf, folderHeader, pathOf, spanOf } from "./entry-span.ts";
import { KeptNames } from "./kept-names.ts";
import { orderedLayerCuts, type LayerCut } from "./layer-cut.ts";
import { linkGroups, linkTable, type LinkGroup, type LinkTable } from "./link-groups.ts";

/** The edits of one layer. Entries are places in the layer, but for `of`, which may be of another one. */
export interface LayerEdits {
  readonly edits: ReadonlyMap<number, EntryEdit>;
  /** Attributes of the entry that an edit names with `of`. */
  readonly attributesOf: (entry: number) => Attributes;
  /** Whether folders stay where they are: who joins layers puts them before what comes to another place. */
  readonly areFoldersPlaced?: true;
  /** Cuts beside those of the edits: what is put between entries, and what is none of them. */
  readonly others?: readonly LayerCut[];
}

/**
 * What becomes of a layer's bytes: cuts in order. What no cut touches stays to the byte. Names that are one file stay one file: when
 * the one with the content goes, the first that stays takes over its place. Throws RangeError for edits that contradict the layer.
 */
export function planLayerCuts(layer: LayerIndex, edits: LayerEdits): readonly LayerCut[] {
  return new LayerEditor(layer, edits).cuts();
}

class LayerEditor {
  readonly #layer: LayerIndex;
  readonly #edits: ReadonlyMap<number, EntryEdit>;
  readonly #attributesOf: (entry: number) => Attributes;
  readonly #links: LinkTable;
  readonly #cuts: LayerCut[] = [];
  /** Entries whose cuts are made. */
  readonly #settled = new Set<number>();
  #keptNames: KeptNames | undefined;
  #folders: ReadonlyMap<number, number> | undefined;

  constructor(layer: LayerIndex, { edits, attributesOf, areFoldersPlaced, others = [] }: LayerEdits) {
    for (const cut of others) this.#cuts.push(cut);
    if (areFoldersPlaced === true) this.#folders = new Map();
    this.#layer = layer;
    this.#edits = edits;
    this.#attributesOf = attributesOf;
    this.#links = linkTable(layer);
  }

  cuts(): readonly LayerCut[] {
    const joins: [number, number][] = [];
    for (const [entry, edit] of this.#edits) {
      if (entry < 0 || entry >= this.#layer.count) throw new RangeError(`edit of entry ${entry} of ${this.#layer.count}`);
      if (edit.action === "link") joins.push(this.#checkedJoin(entry, edit.to));
      if (edit.action === "cut-content" && this.#links.carrier[entry] !== entry)
        throw new RangeError(`entry ${entry} has no content of its own to cut`);
    }
    for (const group of linkGroups(this.#links, joins, (entry) => this.#edits.has(entry))) this.#editGroup(group);
    for (const [entry, edit] of this.#edits) if (!this.#settled.has(entry)) this.#editAlone(entry, edit);
    return orderedLayerCuts(this.#cuts);
  }

  /** Two files that are to be one: their content must be the same, and whole. */
  #checkedJoin(entry: number, to: number): [number, number] {
    const { carrier } = this.#links;
    const key = (one: number): string => {
      const { type, size, storedSize, hashes } = this.#layer;
      const isWhole = entryTypes[type[one] ?? 0] === "file" && size[one] === storedSize[one];
      return isWhole ? `${size[one]} ${Buffer.from(hashes.subarray(32 * one, 32 * one + 32)).toString("hex")}` : `entry ${one}`;
    };
    const one = carrier[entry];
    const other = carrier[to];
    if (one === undefined || other === undefined || key(one) !== key(other))
      throw new RangeError(`link of entry ${entry} to ${to}: not two whole files with the same content`);
    return [entry, to];
  }

  #editAlone(entry: number, edit: EntryEdit): void {
    if (edit.action === "remove") this.#drop(entry);
    else if (edit.action === "hide") this.#hide(entry);
    else if (edit.action === "take-attributes") this.#changeHeader(entry, { attributes: this.#attributesOf(edit.of) });
    else if (edit.action === "rewrite") this.#replace(entry, edit.content);
    else if (edit.action === "cut-content")
      this.#cutContent(entry, edit, edit.of === undefined ? {} : { attributes: this.#attributesOf(edit.of) });
  }

  /** Edits names that are, or become, one file. */
  #editGroup({ entries, holders }: LinkGroup): void {
    const members = entries.filter((entry) => this.#stays(entry) && !this.#leavesGroup(entry));
    const [first] = members;
    const [firstHolder] = holders;
    for (const entry of entries) this.#settled.add(entry);
    for (const entry of entries) if (this.#leavesGroup(entry)) this.#editAloneIn(entry);
    if (first === undefined || firstHolder === undefined) return this.#dropAll(entries);
    // Every other member follows a holder of its content; the first holder comes before them all (W4).
    const place = holders.includes(first) ? first : firstHolder;
    const head = place === first ? first : this.#takeOver(place, members);
    const taken = this.#takenAttributes(members);
    for (const entry of entries) {
      if (entry === place || this.#leavesGroup(entry)) continue;
      if (entry === head) this.#drop(entry);
      else if (!this.#stays(entry)) this.#dropOrHide(entry);
      else if (holders.includes(entry)) this.#becomeLink(entry, head, taken);
      else this.#followHead(entry, { head, place, taken });
    }
    this.#settleHead({ head, place, taken });
  }

  /** The entry with the content: under its own name, or under that of the member that takes over. */
  #settleHead({ head, place, taken }: { head: number; place: number; taken: Attributes | undefined }): void {
    const edit = this.#edits.get(place);
    const attributes = taken === undefined ? {} : { attributes: taken };
    if (head === place) {
      if (edit?.action === "rewrite") this.#replace(place, edit.content, attributes);
      else if (edit?.action === "cut-content") this.#cutContent(place, edit, attributes);
      else if (taken !== undefined) this.#changeHeader(place, attributes);
      return;
    }
    const marker = edit?.action === "hide" ? this.#names().hide(place) : undefined;
    const before = [...(marker?.kind === "whiteout" ? [marker.header] : []), ...this.#foldersMovedBefore(place, head)];
    const change = { name: pathOf(this.#layer, head), attributes: taken ?? this.#inodeAttributes(head, place) };
    this.#changeHeader(place, change, before);
  }

  /** The first member whose folders stand before the place already; the first of all where there is none. */
  #takeOver(place: number, members: readonly number[]): number {
    const first = members[0] ?? place;
    return members.find((member) => this.#foldersAfter(place, member).length === 0) ?? first;
  }

  /** Folders that would come after what lies in them (W8) move before it, with what hides their content below. */
  #foldersMovedBefore(place: number, member: number): Uint8Array[] {
    return this.#foldersAfter(place, member).flatMap((folder) => {
      const edit = this.#edits.get(folder);
      const attributes = edit?.action === "take-attributes" ? this.#attributesOf(edit.of) : attributesOf(this.#layer, folder);
      const hiding = edit?.action === "hide" ? this.#names().hide(folder) : undefined;
      this.#settled.add(folder);
      this.#drop(folder);
      const marker = hiding?.kind === "folder" ? hiding.marker : undefined;
      return [folderHeader(pathOf(this.#layer, folder), attributes), ...(marker === undefined ? [] : [marker])];
    });
  }

  /** The folders above a member that the layer stores behind a place and that have not moved, the outermost first. */
  #foldersAfter(place: number, member: number): readonly number[] {
    const { paths, path } = this.#layer;
    const found: number[] = [];
    for (let node = path[member] ?? 0; node !== rootNode;) {
      node = paths.parent(node);
      const folder = this.#folderAt(node);
      if (folder > place && this.#staysFolder(folder) && !this.#settled.has(folder)) found.push(folder);
    }
    return found.reverse();
  }

  #folderAt(node: number): number {
    if (this.#folders === undefined) {
      const folders = new Map<number, number>();
      this.#layer.type.forEach((type, entry) => {
        if (entryTypes[type] === "directory") folders.set(this.#layer.path[entry] ?? 0, entry);
      });
      this.#folders = folders;
    }
    return this.#folders.get(node) ?? -1;
  }

  /** Another file of the same content becomes a link; its own attributes are repeated (W7). */
  #becomeLink(entry: number, head: number, taken: Attributes | undefined): void {
    if (/^(?:rewrite|cut-content)$/.test(this.#edits.get(entry)?.action ?? ""))
      throw new RangeError(`entry ${entry} gets content of its own and is to be one file with ${head}`);
    const change = { linkname: pathOf(this.#layer, head), ...(taken === undefined ? {} : { attributes: taken }) };
    const { start, headerBytes, end } = spanOf(this.#layer, entry);
    this.#cuts.push({ start, end, header: { bytes: headerBytes, change } });
  }

  /** A link that stays as it is while the name that it leads to stays; else it leads to the one with the content. */
  #followHead(entry: number, { head, place, taken }: { head: number; place: number; taken: Attributes | undefined }): void {
    const target = this.#links.named[entry] ?? -1;
    const staysLinked = target >= 0 && this.#stays(target) && !this.#leavesGroup(target);
    if (staysLinked && taken === undefined) return;
    this.#changeHeader(entry, {
      ...(staysLinked ? {} : { linkname: pathOf(this.#layer, head) }),
      attributes: taken ?? this.#inodeAttributes(entry, place),
    });
  }

  /** What a name says of its file. Many writers of archives give extended attributes with the content alone: they are its. */
  #inodeAttributes(entry: number, holder: number): Attributes {
    const own = attributesOf(this.#layer, entry);
    return own.xattrs.size > 0 ? own : { ...own, xattrs: attributesOf(this.#layer, holder).xattrs };
  }

  /** One file has one set of attributes: what a name of it takes, all names have. */
  #takenAttributes(members: readonly number[]): Attributes | undefined {
    for (const member of members) {
      const edit = this.#edits.get(member);
      const isTaking = edit?.action === "take-attributes" || edit?.action === "cut-content";
      if (isTaking && edit.of !== undefined) return this.#attributesOf(edit.of);
    }
    return undefined;
  }

  #dropAll(entries: readonly number[]): void {
    for (const entry of entries) if (!this.#leavesGroup(entry)) this.#dropOrHide(entry);
  }

  #dropOrHide(entry: number): void {
    if (this.#edits.get(entry)?.action === "hide") this.#hide(entry);
    else this.#drop(entry);
  }

  #drop(entry: number): void {
    const { start, end } = spanOf(this.#layer, entry);
    this.#cuts.push({ start, end });
  }

  #hide(entry: number): void {
    const hiding = this.#names().hide(entry);
    const { start, end } = spanOf(this.#layer, entry);
    if (hiding.kind === "whiteout") this.#cuts.push({ start, end, before: hiding.header });
    else if (hiding.kind === "nothing") this.#drop(entry);
    else if (hiding.kind === "folder" && hiding.marker !== undefined) this.#cuts.push({ start: end, end, before: hiding.marker });
  }

  #changeHeader(entry: number, change: HeaderChange, before: readonly Uint8Array[] = []): void {
    const { start, headerBytes } = spanOf(this.#layer, entry);
    this.#cuts.push({
      start,
      end: start + headerBytes,
      ...(before.length === 0 ? {} : { before: Buffer.concat(before) }),
      header: { bytes: headerBytes, change },
    });
  }

  #replace(entry: number, content: Uint8Array, change: HeaderChange = {}): void {
    const { start, headerBytes, end } = spanOf(this.#layer, entry);
    this.#cuts.push({
      start,
      end,
      header: { bytes: headerBytes, change: { ...change, size: content.length } },
      after: padded(content),
    });
  }

  #cutContent(entry: number, edit: EntryEdit & { readonly action: "cut-content" }, change: HeaderChange): void {
    const { size, storedSize, type } = this.#layer;
    if (entryTypes[type[entry] ?? 0] !== "file" || size[entry] !== storedSize[entry])
      throw new RangeError(`entry ${entry} is no file that is stored whole: its content can't be cut`);
    this.#cuts.push(...contentCuts(spanOf(this.#layer, entry), storedSize[entry] ?? 0, edit, change));
  }

  #stays(entry: number): boolean {
    const action = this.#edits.get(entry)?.action;
    if (action !== "hide") return action !== "remove";
    const type = entryTypes[this.#layer.type[entry] ?? 0];
    return type === "whiteout" || type === "opaque";
  }

  /** A folder that is to be hidden may stay for what lies in it. */
  #staysFolder(entry: number): boolean {
    return this.#stays(entry) || (this.#edits.get(entry)?.action === "hide" && this.#names().hide(entry).kind === "folder");
  }

  /** A hard link that gets content of its own is a file of its own. */
  #leavesGroup(entry: number): boolean {
    return this.#edits.get(entry)?.action === "rewrite" && (this.#links.named[entry] ?? -1) >= 0;
  }

  #editAloneIn(entry: number): void {
    const edit = this.#edits.get(entry);
    if (edit !== undefined) this.#editAlone(entry, edit);
  }

  #names(): KeptNames {
    if (this.#keptNames === undefined) {
      const hidden = [...this.#edits].flatMap(([entry, { action }]) => (action === "hide" ? [entry] : []));
      this.#keptNames = new KeptNames(this.#layer, (entry) => this.#stays(entry), hidden);
    }
    return this.#keptNames;
  }
}
