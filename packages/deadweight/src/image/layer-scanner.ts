import { createHash, hash, type Hash } from "node:crypto";
import type { Limits } from "../archive/limits.ts";
import { TarReader, type TarEntry } from "../archive/tar-reader.ts";
import type { ByteString } from "../lib/byte-string.ts";
import type { Mark } from "../lib/ring.ts";
import { UserError } from "../lib/user-error.ts";
import { entryTypes, type CapturedFile, type ElfSection, type EntryType, type LayerIndex } from "../model/layer-index.ts";
import { PathTable, rootNode } from "../model/path-table.ts";
import { ElfOutlines } from "./elf-outlines.ts";
import { CompressedCost } from "./compressed-cost.ts";
import { createContentKeeper, type ContentKeeper } from "./content-keeper.ts";
import { DeviceWatcher } from "./device-watcher.ts";
import { ElfWatcher } from "./elf-watcher.ts";
import { EntryColumns } from "./entry-columns.ts";
import { ProgramWatcher } from "./program-watcher.ts";
import type { WantedFiles } from "./wanted-files.ts";

/** What the decompressing side knows of a blob once it has read all of it. */
export interface BlobFacts {
  readonly digest: string;
  readonly compression: LayerIndex["compression"];
  readonly compressedBytes: number;
}

export interface ScanOptions {
  readonly wanted: WantedFiles;
  readonly limits: Limits;
  /** Where files go that are wanted and large; kept in memory without it. */
  readonly spoolFolder?: string;
  /** The blob is not compressed: its digest is the diffId, so it need not be hashed again. */
  readonly isPlain: boolean;
  /** Whether the index gets `programs`. */
  readonly programs?: boolean;
}

const typeByFlag: Readonly<Record<string, EntryType>> = {
  "0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
};
const xattrPrefix = "SCHILY.xattr.";

/**
 * Everything that is wanted of a layer, in one pass over its uncompressed bytes: diffId, entries, content hashes, the files that
 * catalogers want, ELF sections, and what each entry costs. Holds columns, never the layer.
 */
export class LayerScanner {
  readonly #options: ScanOptions;
  readonly #diff: Hash | undefined;
  readonly #reader: TarReader;
  readonly #columns = new EntryColumns();
  readonly #cost = new CompressedCost();
  readonly #paths = new PathTable();
  readonly #symlinks = new Map<number, ByteString>();
  readonly #xattrs = new Map<number, ReadonlyMap<string, ByteString>>();
  readonly #devices = new Map<number, readonly [number, number]>();
  readonly #elf = new Map<number, readonly ElfSection[]>();
  readonly #captures: CapturedFile[] = [];
  readonly #oddities: { entry: number; message: string }[] = [];
  readonly #elfWatcher = new ElfWatcher();
  readonly #elfOutlines = new ElfOutlines();
  readonly #device = new DeviceWatcher();
  readonly #programs: ProgramWatcher | undefined;
  #tarBytes = 0;
  #capturedBytes = 0;
  #textBytes = 0;
  #entry = -1;
  #isFile = false;
  #hasAbsoluteNames = false;
  #contentStart = 0;
  #remaining = 0;
  #hash: Hash | undefined;
  #keeper: ContentKeeper | undefined;

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#programs = options.programs === true ? new ProgramWatcher() : undefined;
    this.#diff = options.isPlain ? undefined : createHash("sha256");
    this.#reader = new TarReader(
      { entry: (entry) => this.#begin(entry), content: (piece) => this.#content(piece), endEntry: () => this.#end() },
      options.limits,
    );
  }

  /** Takes the next uncompressed bytes; `marks` say what they took of the blob. */
  write(bytes: Uint8Array, marks: readonly Mark[]): void {
    this.#tarBytes += bytes.length;
    this.#diff?.update(bytes);
    for (const mark of marks) this.#cost.add(mark);
    this.#reader.write(bytes);
  }

  /** The index, once all bytes were written. Throws UserError `corrupt-layer` when the archive is cut off. */
  finish(blob: BlobFacts): LayerIndex {
    this.#reader.end();
    const columns = this.#columns.finish(Math.min(this.#reader.endOfEntries, this.#tarBytes));
    const costAt = (places: Float64Array): Float64Array => this.#cost.at(places, this.#tarBytes, blob.compressedBytes);
    return {
      ...columns,
      digest: blob.digest,
      diffId: this.#diff === undefined ? blob.digest : `sha256:${this.#diff.digest("hex")}`,
      compression: blob.compression,
      tarBytes: this.#tarBytes,
      compressedBytes: blob.compressedBytes,
      count: this.#columns.count,
      paths: this.#paths,
      compressedStarts: costAt(columns.starts),
      symlinks: this.#symlinks,
      xattrs: this.#xattrs,
      devices: this.#devices,
      elf: this.#elf,
      elfOutlines: this.#elfOutlines.finish(costAt),
      deviceCode: this.#device.finish(costAt),
      captures: this.#captures,
      oddities: this.#oddities,
      ...(this.#programs === undefined ? {} : { programs: this.#programs.finish() }),
    };
  }

  /** An error of what makes the bytes, with the offset and the path that the layer has been read to. */
  located(error: unknown): unknown {
    return this.#reader.located(error);
  }

  /** Closes what is open after a failure. */
  abort(): void {
    this.#keeper?.discard();
  }

  #begin(entry: TarEntry): void {
    const { limits } = this.#options;
    if (entry.name.length > limits.nameBytes)
      throw corrupt(`a name of ${entry.name.length} bytes, more than ${limits.nameBytes}`);
    if (entry.linkname.length > limits.nameBytes)
      throw corrupt(`a link target of ${entry.linkname.length} bytes, more than ${limits.nameBytes}`);
    if (this.#columns.count >= limits.entriesPerLayer) throw corrupt(`more than ${limits.entriesPerLayer} entries`);
    const number = this.#columns.add();
    this.#entry = number;
    const { type, node } = this.#place(entry);
    this.#record(number, entry, type, node);
    if (this.#paths.bytes + this.#textBytes > limits.metadataBytes + 100 * this.#columns.count)
      throw corrupt(`names, links and attributes of ${number + 1} entries take more than ${limits.metadataBytes} bytes`);
    this.#isFile = type === "file";
    this.#remaining = entry.storedSize;
    this.#contentStart = entry.contentStart;
    this.#hash = undefined;
    if (!this.#isFile) return;
    this.#elfWatcher.begin(entry.storedSize);
    this.#device.begin(entry.storedSize);
    this.#keeper = this.#keeperFor(entry, node);
    this.#programs?.begin(number, this.#paths.path(node), entry.sparse === undefined ? entry.storedSize : 0);
  }

  #record(number: number, entry: TarEntry, type: EntryType, node: number): void {
    const columns = this.#columns;
    columns.path[number] = node;
    columns.type[number] = entryTypes.indexOf(type);
    columns.mode[number] = ((entry.mode % 0o10000) + 0o10000) % 0o10000;
    columns.uid[number] = entry.uid;
    columns.gid[number] = entry.gid;
    columns.mtime[number] = entry.mtime;
    columns.size[number] = type === "file" ? entry.size : 0;
    columns.storedSize[number] = type === "file" ? entry.storedSize : 0;
    columns.starts[number] = entry.start;
    if (type === "hardlink") columns.linkNode[number] = this.#paths.intern(entry.linkname);
    if (type === "symlink") {
      this.#symlinks.set(number, entry.linkname);
      this.#textBytes += entry.linkname.length;
    }
    if (type === "character-device" || type === "block-device") this.#devices.set(number, [entry.devmajor, entry.devminor]);
    const attributes = [...entry.pax].filter(([key]) => key.startsWith(xattrPrefix));
    if (attributes.length > 0)
      this.#xattrs.set(number, new Map(attributes.map(([key, value]) => [key.slice(xattrPrefix.length), value])));
    for (const [key, value] of attributes) this.#textBytes += key.length + value.length;
    if (attributes.some(([key]) => key.includes(".overlay.")))
      this.#odd("has an overlay attribute: it hides content in some runtimes");
  }

  /** What the entry is and which name it concerns; whiteouts are told by their names, image-spec layer.md. */
  #place(entry: TarEntry): { type: EntryType; node: number } {
    this.#checkNames(entry);
    const path = this.#paths.intern(entry.name);
    let type = typeByFlag[entry.typeflag];
    if (type === undefined) {
      this.#odd(`is of the unknown type ${JSON.stringify(entry.typeflag)}; engines refuse it`);
      type = "file";
    }
    if (path === rootNode && type !== "directory") throw corrupt("the root folder is replaced by something else");
    const name = this.#paths.name(path);
    if (!name.startsWith(".wh.")) return { type, node: path };
    const folder = this.#paths.parent(path);
    if (name === ".wh..wh..opq") return { type: "opaque", node: folder };
    // AUFS kept its own records as .wh..wh.plnk and the like; they hide nothing.
    if (name.startsWith(".wh..wh.")) return { type: "whiteout", node: path };
    const hidden = name.slice(4);
    if (hidden === "" || hidden === "." || hidden === "..") throw corrupt(`a whiteout of ${JSON.stringify(hidden)}`);
    return { type: "whiteout", node: this.#paths.child(folder, hidden) };
  }

  /** Tells of names that engines, and tools of another kind, may take differently. */
  #checkNames({ name, linkname, pax }: TarEntry): void {
    if (/(?:^|\/)\.\.(?:\/|$)/.test(name)) this.#odd("has `..` in its name; taken as ending at the root");
    if (name.startsWith("/") && !this.#hasAbsoluteNames)
      this.#odd("has an absolute name, the first of the layer; taken as beginning at the root");
    this.#hasAbsoluteNames ||= name.startsWith("/");
    const isDoubled = (pax.get("path") || name) !== name || (pax.get("linkpath") || linkname) !== linkname;
    if (isDoubled && !pax.has("GNU.sparse.name"))
      this.#odd("has two names, a PAX one and GNU's: readers differ in which they take");
  }

  #keeperFor(entry: TarEntry, node: number): ContentKeeper | undefined {
    const { limits, wanted, spoolFolder } = this.#options;
    const most = wanted(this.#paths.path(node));
    if (most === undefined) return undefined;
    const bytes = Math.min(most, entry.storedSize);
    if (
      bytes > limits.capturedFileBytes ||
      this.#capturedBytes + bytes > limits.capturedLayerBytes ||
      entry.sparse !== undefined
    ) {
      this.#odd(`was not looked into: ${bytes} bytes are more than the limit, or it is sparse`);
      return undefined;
    }
    this.#capturedBytes += bytes;
    return createContentKeeper(this.#entry, bytes, spoolFolder);
  }

  #content(piece: Uint8Array): void {
    this.#keeper?.write(piece);
    if (!this.#isFile) return;
    this.#elfWatcher.write(piece);
    this.#device.write(piece);
    this.#programs?.write(piece);
    if (piece.length === this.#remaining && this.#hash === undefined) {
      this.#columns.hashes.set(hash("sha256", piece, "buffer"), this.#entry * 32);
    } else {
      this.#hash ??= createHash("sha256");
      this.#hash.update(piece);
    }
    this.#remaining -= piece.length;
  }

  #end(): void {
    if (!this.#isFile) return;
    if (this.#hash !== undefined) this.#columns.hashes.set(this.#hash.digest(), this.#entry * 32);
    else if (this.#columns.storedSize[this.#entry] === 0)
      this.#columns.hashes.set(hash("sha256", "", "buffer"), this.#entry * 32);
    this.#programs?.end();
    const sections = this.#elfWatcher.end();
    if (sections.length > 0) this.#elf.set(this.#entry, sections);
    const hasDevice = this.#device.end(this.#entry, this.#contentStart, () => this.#elfWatcher.loaded());
    if (typeof hasDevice === "string") this.#odd(hasDevice);
    const outline = hasDevice === true ? this.#elfWatcher.headers(sections) : this.#elfWatcher.outline(sections);
    if (outline !== undefined) this.#elfOutlines.add(this.#entry, { ...outline, contentStart: this.#contentStart });
    if (this.#keeper !== undefined) this.#captures.push(this.#keeper.finish());
    this.#keeper = undefined;
  }

  #odd(message: string): void {
    if (this.#oddities.length < 1000) this.#oddities.push({ entry: this.#entry, message });
  }
}

function corrupt(why: string): UserError {
  return new UserError("corrupt-layer", `tar: ${why}`);
}
