import type { ByteString } from "../../lib/byte-string.ts";
import { entryTypes, type LayerIndex } from "../../model/layer-index.ts";
import { rootNode } from "../../model/path-table.ts";
import { markerHeader, pathOf } from "./entry-span.ts";

/** What takes the place of an entry whose name is to be hidden. */
export type Hiding =
  /** A whiteout in its place. */
  | { readonly kind: "whiteout"; readonly header: Uint8Array }
  /** It stays, being a folder of what stays, and an opaque marker follows where one is needed. */
  | { readonly kind: "folder"; readonly marker: Uint8Array | undefined }
  /** It goes: what stays hides the name by itself. */
  | { readonly kind: "nothing" }
  /** It is a marker itself, or the root: it stays as it is. */
  | { readonly kind: "as-is" };

const flag = { named: 1, below: 2, whiteout: 4, opaque: 8 };

/** Decides how names of one layer are hidden: engines refuse `.wh.x` beside `x` or `x/…` (W2), and a path twice (W1). */
export class KeptNames {
  readonly #layer: LayerIndex;
  readonly #flags: Uint8Array;
  readonly #hidings = new Map<number, Hiding>();

  /** `stays` tells which entries will be in the layer under their name, `hidden` are those to hide. */
  constructor(layer: LayerIndex, stays: (entry: number) => boolean, hidden: readonly number[]) {
    this.#layer = layer;
    this.#flags = new Uint8Array(layer.paths.count);
    for (let entry = 0; entry < layer.count; entry++) if (stays(entry)) this.#keep(entry);
    // Folders before what lies in them: their nodes have smaller numbers.
    const ordered = [...hidden].sort((one, other) => (layer.path[one] ?? 0) - (layer.path[other] ?? 0) || one - other);
    for (const entry of ordered) this.#hidings.set(entry, this.#decide(entry));
  }

  /** What becomes of an entry that is to be hidden. */
  hide(entry: number): Hiding {
    return this.#hidings.get(entry) ?? { kind: "as-is" };
  }

  #decide(entry: number): Hiding {
    const layer = this.#layer;
    const node = layer.path[entry] ?? 0;
    const type = entryTypes[layer.type[entry] ?? 0];
    if (node === rootNode || type === "whiteout" || type === "opaque") return { kind: "as-is" };
    if (this.#has(node, flag.named) || (this.#has(node, flag.below) && type !== "directory")) return { kind: "nothing" };
    const path = pathOf(layer, entry);
    const mtime = layer.mtime[entry] ?? 0;
    if (this.#has(node, flag.below)) {
      const marker = this.#has(node, flag.opaque) ? undefined : markerHeader(`${path}/.wh..wh..opq`, mtime);
      this.#add(node, flag.named | flag.opaque);
      return { kind: "folder", marker };
    }
    for (let up = node; up !== rootNode; up = layer.paths.parent(up))
      if (this.#has(up, flag.whiteout)) return { kind: "nothing" };
    this.#add(node, flag.whiteout);
    return { kind: "whiteout", header: markerHeader(whiteoutPath(path), mtime) };
  }

  #keep(entry: number): void {
    const { paths, path, type } = this.#layer;
    const node = path[entry] ?? 0;
    const kind = entryTypes[type[entry] ?? 0];
    this.#add(node, kind === "whiteout" ? flag.whiteout : kind === "opaque" ? flag.opaque : flag.named);
    if (node === rootNode) return;
    let up = kind === "opaque" ? node : paths.parent(node);
    for (; !this.#has(up, flag.below); up = paths.parent(up)) this.#add(up, flag.below);
  }

  #has(node: number, bit: number): boolean {
    return ((this.#flags[node] ?? 0) & bit) !== 0;
  }

  #add(node: number, bits: number): void {
    this.#flags[node] = (this.#flags[node] ?? 0) | bits;
  }
}

function whiteoutPath(path: ByteString): ByteString {
  const slash = path.lastIndexOf("/");
  return `${path.slice(0, slash + 1)}.wh.${path.slice(slash + 1)}`;
}
