import type { MergedLayers } from "../../image/merge.ts";
import { entryTypes } from "../../model/layer-index.ts";
import type { EditedStack } from "./edited-stack.ts";

/** How joined layers go on hiding what lies below them. */
export interface KeptMarkers {
  /** Markers of the stack that stay as they are. */
  readonly stay: ReadonlySet<number>;
  /** Folders, as nodes of the stack, that get an opaque marker: they took the place of what was below (W2). */
  readonly opaque: ReadonlySet<number>;
  /** A folder that one layer can't say: it hides one below it, and is there only by what lies in it. */
  readonly unsayable: number | undefined;
}

const [directory, whiteout, opaqueMarker] = (["directory", "whiteout", "opaque"] as const).map((type) =>
  entryTypes.indexOf(type),
);

/** What the names of a stack hide below it. */
const hides = { below: 1, all: 2 };

/** Finds the markers that joined layers need, given what lies below them and is seen. */
export function keptMarkers(stack: EditedStack, lower: MergedLayers): KeptMarkers {
  const { paths, visible } = stack.merged;
  const { flags, markers } = hidingOf(stack);
  const stay = new Set<number>();
  const opaque = new Set<number>();
  const covered = new Uint8Array(paths.count);
  let unsayable: number | undefined;
  for (let node = 1; node < paths.count; node++) {
    covered[node] = covered[paths.parent(node)] ?? 0;
    const flag = flags[node] ?? 0;
    if (covered[node] === 1 || flag === 0) continue;
    covered[node] = 1;
    const below = lower.paths.find(paths.path(node));
    if (below < 0 || !isSeen(lower, below)) continue;
    const entry = visible[node] ?? -1;
    const marker = markers.get(node);
    if (flag < hides.all) {
      if (marker !== undefined && isSeenBelow(lower, below)) stay.add(marker);
    } else if (entry >= 0) {
      if (stack.types[entry] === directory && isSeenBelow(lower, below)) opaque.add(node);
    } else if (isSeenBelow(stack.merged, node) || marker === undefined) unsayable ??= node;
    else stay.add(marker);
  }
  return { stay, opaque, unsayable };
}

/** By node what it hides, and its first marker: a whiteout where there is one. */
function hidingOf({ merged, types }: EditedStack): { readonly flags: Uint8Array; readonly markers: ReadonlyMap<number, number> } {
  const flags = new Uint8Array(merged.paths.count);
  const markers = new Map<number, number>();
  for (let entry = 0; entry < merged.entryCount; entry++) {
    const node = merged.nodes[entry] ?? 0;
    const type = types[entry];
    if (type === directory) continue;
    const flag = type === opaqueMarker ? hides.below : hides.all;
    const isMarker = type === opaqueMarker || type === whiteout;
    const known = markers.get(node);
    if (isMarker && (known === undefined || (type === whiteout && types[known] !== whiteout))) markers.set(node, entry);
    flags[node] = Math.max(flags[node] ?? 0, flag);
  }
  return { flags, markers };
}

function isSeen(merged: MergedLayers, node: number): boolean {
  return (merged.visible[node] ?? -1) >= 0 || isSeenBelow(merged, node);
}

function isSeenBelow({ paths, visible }: MergedLayers, folder: number): boolean {
  const pending = [...paths.children(folder)];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if ((visible[node] ?? -1) >= 0) return true;
    for (const child of paths.children(node)) pending.push(child);
  }
  return false;
}
