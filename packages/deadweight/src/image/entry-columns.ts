import { freeBytes } from "../lib/free-bytes.ts";
import type { LayerIndex } from "../model/layer-index.ts";

/** The columns of a layer index while they grow: doubled when full, cut to size at the end. Memory that is left behind goes at once. */
export class EntryColumns {
  count = 0;
  #capacity = 1024;
  path: Uint32Array = new Uint32Array(1024);
  type: Uint8Array = new Uint8Array(1024);
  mode: Uint16Array = new Uint16Array(1024);
  uid: Float64Array = new Float64Array(1024);
  gid: Float64Array = new Float64Array(1024);
  mtime: Float64Array = new Float64Array(1024);
  size: Float64Array = new Float64Array(1024);
  storedSize: Float64Array = new Float64Array(1024);
  starts: Float64Array = new Float64Array(1024);
  linkNode: Uint32Array = new Uint32Array(1024);
  hashes: Uint8Array = new Uint8Array(1024 * 32);

  /** Makes one more entry and gives its number. */
  add(): number {
    if (this.count === this.#capacity) this.#resize(this.#capacity * 2);
    return this.count++;
  }

  /** The columns as an index has them, once; `starts` gets its last border, the end of the entries. */
  finish(
    endOfEntries: number,
  ): Pick<
    LayerIndex,
    "path" | "type" | "mode" | "uid" | "gid" | "mtime" | "size" | "storedSize" | "linkNode" | "hashes" | "starts"
  > {
    const { count } = this;
    const starts = new Float64Array(count + 1);
    starts.set(this.starts.subarray(0, count));
    starts[count] = endOfEntries;
    freeBytes(this.starts);
    return {
      path: cut(this.path, count),
      type: cut(this.type, count),
      mode: cut(this.mode, count),
      uid: cut(this.uid, count),
      gid: cut(this.gid, count),
      mtime: cut(this.mtime, count),
      size: cut(this.size, count),
      storedSize: cut(this.storedSize, count),
      linkNode: cut(this.linkNode, count),
      hashes: cut(this.hashes, count * 32),
      starts,
    };
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.path = copied(new Uint32Array(capacity), this.path);
    this.type = copied(new Uint8Array(capacity), this.type);
    this.mode = copied(new Uint16Array(capacity), this.mode);
    this.uid = copied(new Float64Array(capacity), this.uid);
    this.gid = copied(new Float64Array(capacity), this.gid);
    this.mtime = copied(new Float64Array(capacity), this.mtime);
    this.size = copied(new Float64Array(capacity), this.size);
    this.storedSize = copied(new Float64Array(capacity), this.storedSize);
    this.starts = copied(new Float64Array(capacity), this.starts);
    this.linkNode = copied(new Uint32Array(capacity), this.linkNode);
    this.hashes = copied(new Uint8Array(capacity * 32), this.hashes);
  }
}

function copied<T extends ArrayBufferView & { set: (values: T) => void }>(larger: T, values: T): T {
  larger.set(values);
  freeBytes(values);
  return larger;
}

function cut<T extends ArrayBufferView & { slice: (start: number, end: number) => T }>(values: T, length: number): T {
  const own = values.slice(0, length);
  freeBytes(values);
  return own;
}
