import type { ByteString } from "../lib/byte-string.ts";
import { freeBytes } from "../lib/free-bytes.ts";
import { UserError } from "../lib/user-error.ts";

/** The root folder's node in every path table. */
export const rootNode = 0;

/** Slots looked at for one name. Five million ordinary names make runs below a hundred; more are chosen to cost time. */
const longestRun = 1000;

/** The plain arrays of a path table, for a worker's message or a cache. */
export interface PathTableData {
  readonly count: number;
  readonly parents: Uint32Array;
  readonly nameStarts: Uint32Array;
  readonly names: Uint8Array;
}

/**
 * Paths as a tree of names in typed arrays, about 45 bytes a path: a million paths fit where a million strings would not.
 * A node is a number; 0 is the root; a parent has a smaller number than its children. Names are bytes.
 */
export class PathTable {
  #count = 1;
  #parents = new Uint32Array(1024);
  #nameStarts = new Uint32Array(1025);
  #names = Buffer.alloc(16384);
  #firstChild = new Uint32Array(1024);
  #nextSibling = new Uint32Array(1024);
  #slots = new Uint32Array(4096);

  /** Nodes in the table, the root included. */
  get count(): number {
    return this.#count;
  }

  /** About what the table takes of memory. */
  get bytes(): number {
    return this.#count * 24 + (this.#nameStarts[this.#count] ?? 0);
  }

  /** The node of a path, made when it is not there. Empty, `.` and leading segments are dropped; `..` stops at the root. */
  intern(path: ByteString): number {
    return this.#walk(path, (parent, start, end) => this.#childIn(parent, path, start, end));
  }

  /** The node of a path, or -1. */
  find(path: ByteString): number {
    return this.#findBelow(rootNode, path, 0);
  }

  /** The nodes of those paths that are there, but for the root's; a path is looked up in the folder of the one before where it lies there too. */
  findAll(paths: readonly ByteString[]): Uint32Array {
    const nodes = new Uint32Array(paths.length);
    let count = 0;
    let folder = "";
    let folderNode = rootNode;
    for (const path of paths) {
      const start = path.lastIndexOf("/") + 1;
      if (start !== folder.length || !path.startsWith(folder)) {
        folder = path.slice(0, start);
        folderNode = this.find(folder);
      }
      const node = this.#findBelow(folderNode, path, start);
      if (node > 0) nodes[count++] = node;
    }
    return nodes.slice(0, count);
  }

  /** The child of a folder by name, made when it is not there. Throws UserError `limit` for names chosen to collide. */
  child(parent: number, name: ByteString): number {
    return this.#childIn(parent, name, 0, name.length);
  }

  /** The child of a folder by name, or -1. */
  findChild(parent: number, name: ByteString): number {
    return Math.max(-1, this.#lookup(parent, name, 0, name.length));
  }

  parent(node: number): number {
    return this.#parents[node] ?? 0;
  }

  name(node: number): ByteString {
    const start = this.#nameStarts[node] ?? 0;
    return this.#names.toString("latin1", start, this.#nameStarts[node + 1] ?? start);
  }

  /** The path without a leading slash; the root is the empty string. */
  path(node: number): ByteString {
    if (node === rootNode) return "";
    let path = this.name(node);
    for (let up = this.parent(node); up !== rootNode; up = this.parent(up)) path = `${this.name(up)}/${path}`;
    return path;
  }

  hasChildren(node: number): boolean {
    return (this.#firstChild[node] ?? 0) !== 0;
  }

  /** The names right below a folder, latest first. */
  *children(node: number): Generator<number> {
    for (let child = this.firstChild(node); child !== 0; child = this.nextSibling(child)) yield child;
  }

  /** The first of `children`; 0 when there is none. For loops over whole trees. */
  firstChild(node: number): number {
    return this.#firstChild[node] ?? 0;
  }

  /** The one of `children` after another; 0 after the last. */
  nextSibling(node: number): number {
    return this.#nextSibling[node] ?? 0;
  }

  /** Whether `node` is `folder` or below it. */
  isWithin(node: number, folder: number): boolean {
    let at = node;
    while (at > folder) at = this.parent(at);
    return at === folder;
  }

  /** For each node of `other`, its node here; what is missing is made. */
  merge(other: PathTable): Uint32Array {
    const nodes = new Uint32Array(other.count);
    if (this.#count === 1) this.#prepare(other.count, other.#nameStarts[other.count] ?? 0);
    for (let node = 1; node < other.count; node++) {
      const start = other.#nameStarts[node] ?? 0;
      const end = other.#nameStarts[node + 1] ?? start;
      nodes[node] = this.#childOfBytes(nodes[other.parent(node)] ?? 0, other.#names, start, end);
    }
    return nodes;
  }

  /** The table as plain arrays, cut to size. */
  data(): PathTableData {
    return {
      count: this.#count,
      parents: this.#parents.slice(0, this.#count),
      nameStarts: this.#nameStarts.slice(0, this.#count + 1),
      names: this.#names.slice(0, this.#nameStarts[this.#count] ?? 0),
    };
  }

  /** A table from plain arrays. */
  static from(data: PathTableData): PathTable {
    const table = new PathTable();
    table.#prepare(data.count, data.names.length);
    for (let node = 1; node < data.count; node++) {
      const start = data.nameStarts[node] ?? 0;
      table.#childOfBytes(data.parents[node] ?? 0, data.names, start, data.nameStarts[node + 1] ?? start);
    }
    return table;
  }

  /** The node of what of a path begins at `from`, below a folder, or -1. */
  #findBelow(folder: number, path: ByteString, from: number): number {
    return this.#walk(path, (parent, start, end) => Math.max(-1, this.#lookup(parent, path, start, end)), folder, from);
  }

  /** Steps through the names of a path, given as borders in it so that none is copied; -1 ends the walk. */
  #walk(
    path: ByteString,
    step: (parent: number, start: number, end: number) => number,
    folder: number = rootNode,
    from = 0,
  ): number {
    let node = folder;
    for (let start = from, end = 0; node >= 0 && start <= path.length; start = end + 1) {
      end = path.indexOf("/", start);
      if (end < 0) end = path.length;
      const dots = end - start <= 2 ? path.slice(start, end) : "";
      if (end === start || dots === ".") continue;
      node = dots === ".." ? this.parent(node) : step(node, start, end);
    }
    return node;
  }

  /** Room for so many nodes at once, in a table that is still empty. */
  #prepare(count: number, nameBytes: number): void {
    this.#parents = new Uint32Array(Math.max(this.#parents.length, count + 1));
    this.#nameStarts = new Uint32Array(this.#parents.length + 1);
    this.#firstChild = new Uint32Array(this.#parents.length);
    this.#nextSibling = new Uint32Array(this.#parents.length);
    this.#names = Buffer.alloc(Math.max(this.#names.length, nameBytes));
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(this.#slots.length, 2 * (count + 1)))));
  }

  /** The child of a folder by the bytes of its name, made when it is not there: as `#childIn`, without a text for each. */
  #childOfBytes(parent: number, names: Uint8Array, start: number, end: number): number {
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    const mask = this.#slots.length - 1;
    let slot = hashBytes(parent, names, start, end) & mask;
    let run = 0;
    for (let node = this.#slots[slot] ?? 0; node !== 0; node = this.#slots[slot] ?? 0) {
      if (this.#parents[node] === parent && this.#hasBytes(node, names, start, end)) return node;
      slot = (slot + 1) & mask;
      if (++run > longestRun) throw chosenAlike();
    }
    const node = this.#add(parent, end - start);
    this.#names.set(names.subarray(start, end), this.#nameStarts[node]);
    this.#slots[slot] = node;
    return node;
  }

  #hasBytes(node: number, names: Uint8Array, start: number, end: number): boolean {
    const nameStart = this.#nameStarts[node] ?? 0;
    const length = end - start;
    if ((this.#nameStarts[node + 1] ?? 0) - nameStart !== length) return false;
    for (let index = 0; index < length; index++) {
      if (this.#names[nameStart + index] !== names[start + index]) return false;
    }
    return true;
  }

  #childIn(parent: number, text: ByteString, start: number, end: number): number {
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    const found = this.#lookup(parent, text, start, end);
    if (found >= 0) return found;
    const node = this.#append(parent, text, start, end);
    this.#slots[-found - 2] = node;
    return node;
  }

  /** The node, or -2 - slot where it would go. */
  #lookup(parent: number, text: ByteString, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(parent, text, start, end) & mask;
    let run = 0;
    for (let node = this.#slots[slot] ?? 0; node !== 0; node = this.#slots[slot] ?? 0) {
      if (this.#parents[node] === parent && this.#isNamed(node, text, start, end)) return node;
      slot = (slot + 1) & mask;
      if (++run > longestRun) throw chosenAlike();
    }
    return -slot - 2;
  }

  #isNamed(node: number, text: ByteString, start: number, end: number): boolean {
    const nameStart = this.#nameStarts[node] ?? 0;
    const length = end - start;
    if ((this.#nameStarts[node + 1] ?? 0) - nameStart !== length) return false;
    for (let index = 0; index < length; index++) {
      if (this.#names[nameStart + index] !== text.charCodeAt(start + index)) return false;
    }
    return true;
  }

  #append(parent: number, text: ByteString, start: number, end: number): number {
    const node = this.#add(parent, end - start);
    const nameStart = this.#nameStarts[node] ?? 0;
    for (let index = 0; index < end - start; index++) this.#names[nameStart + index] = text.charCodeAt(start + index);
    return node;
  }

  /** A node whose name is still to be written. */
  #add(parent: number, length: number): number {
    this.#reserve(length);
    const node = this.#count++;
    this.#nameStarts[node + 1] = (this.#nameStarts[node] ?? 0) + length;
    this.#parents[node] = parent;
    this.#nextSibling[node] = this.#firstChild[parent] ?? 0;
    this.#firstChild[parent] = node;
    return node;
  }

  /** Makes room for one more node. */
  #reserve(nameLength: number): void {
    const used = this.#nameStarts[this.#count] ?? 0;
    if (used + nameLength > this.#names.length) this.#names = Buffer.concat([this.#names], (used + nameLength) * 2);
    if (this.#count + 1 < this.#parents.length) return;
    this.#parents = grown(this.#parents, this.#count + 2);
    this.#nameStarts = grown(this.#nameStarts, this.#count + 3);
    this.#firstChild = grown(this.#firstChild, this.#count + 2);
    this.#nextSibling = grown(this.#nextSibling, this.#count + 2);
  }

  #rehash(): void {
    const { length } = this.#slots;
    freeBytes(this.#slots);
    this.#slots = new Uint32Array(length * 2);
    const mask = this.#slots.length - 1;
    for (let node = 1; node < this.#count; node++) {
      const start = this.#nameStarts[node] ?? 0;
      let slot = hashBytes(this.parent(node), this.#names, start, this.#nameStarts[node + 1] ?? start) & mask;
      for (let run = 0; this.#slots[slot] !== 0; slot = (slot + 1) & mask) if (++run > longestRun) throw chosenAlike();
      this.#slots[slot] = node;
    }
  }
}

/** FNV-1a over the parent's number and a name. */
function hash(parent: number, text: ByteString, start: number, end: number): number {
  let value = Math.imul(parent ^ 0x811c9dc5, 0x01000193);
  for (let index = start; index < end; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}

/** The same over bytes. */
function hashBytes(parent: number, names: Uint8Array, start: number, end: number): number {
  let value = Math.imul(parent ^ 0x811c9dc5, 0x01000193);
  for (let index = start; index < end; index++) value = Math.imul(value ^ (names[index] ?? 0), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}

function chosenAlike(): UserError {
  return new UserError("limit", `paths: more than ${longestRun} names chosen to hash alike`);
}

function grown(array: Uint32Array<ArrayBuffer>, least: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(least, array.length * 2));
  larger.set(array);
  freeBytes(array);
  return larger;
}
