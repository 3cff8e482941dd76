import type { TestEntry } from "./layers.ts";
import { seededRandom } from "./random.ts";

/** What a container shows at a path, by the layers' entries: layer and place in it, and the same of what carries the content. */
export interface ShownEntry {
  readonly layer: number;
  readonly place: number;
  readonly content: string;
}

/** What became of an entry, as `Fate` has it, and the layer that hid it. */
export interface ToldFate {
  readonly fate: string;
  readonly hiddenBy: number;
}

interface Stacked {
  readonly shown: ReadonlyMap<string, ShownEntry>;
  /** By `layer:place`. */
  readonly fates: ReadonlyMap<string, ToldFate>;
}

/**
 * The rules of overlay file systems written down once more, with plain maps of texts: the reference for the real merge. Knows
 * nothing of links in the path of an entry.
 */
export function stackPlainly(layers: readonly (readonly TestEntry[])[]): Stacked {
  const shown = new Map<string, ShownEntry>();
  const fates = new Map<string, ToldFate>();
  const entryAt = ({ layer, place }: ShownEntry): TestEntry | undefined => layers[layer]?.[place];
  for (const [layer, entries] of layers.entries()) {
    const isFolder = (path: string): boolean =>
      shown.has(path) && entryAt(shown.get(path) as ShownEntry)?.path.endsWith("/") === true;
    const hide = (path: string, fate: string): void => {
      const entry = shown.get(path);
      if (entry === undefined) return;
      fates.set(`${entry.layer}:${entry.place}`, { fate, hiddenBy: layer });
      shown.delete(path);
    };
    const hideBelow = (path: string, fate: string): void => {
      for (const other of shown.keys()) if (other.startsWith(`${path}/`)) hide(other, fate);
    };
    const makeFolders = (path: string): void => {
      for (const up of foldersOf(path)) if (shown.has(up) && !isFolder(up)) hide(up, "replaced");
    };
    for (const [place, { path }] of entries.entries()) {
      const hidden = whiteoutOf(path);
      if (hidden === undefined) continue;
      fates.set(`${layer}:${place}`, { fate: "marker", hiddenBy: layer });
      if (hidden.isOpaque) {
        makeFolders(`${hidden.path}/x`);
        hideBelow(hidden.path, "below-opaque");
      } else {
        makeFolders(hidden.path);
        hide(hidden.path, "removed");
        hideBelow(hidden.path, "below-removed");
      }
    }
    for (const [place, entry] of entries.entries()) {
      if (whiteoutOf(entry.path) !== undefined) continue;
      const path = entry.path.replace(/\/$/, "");
      makeFolders(path);
      const before = shown.get(path);
      const isNewFolder = entry.path.endsWith("/");
      if (before?.layer === layer) hide(path, "repeated");
      else hide(path, isFolder(path) && isNewFolder ? "merged" : "overwritten");
      if (!isNewFolder) hideBelow(path, "replaced");
      fates.set(`${layer}:${place}`, { fate: "visible", hiddenBy: layer });
      const target = entry.type === "hardlink" && !isFolder(entry.link ?? "") ? shown.get(entry.link ?? "") : undefined;
      shown.set(path, { layer, place, content: target?.content ?? `${layer}:${place}` });
    }
  }
  return { shown, fates };
}

function foldersOf(path: string): readonly string[] {
  const names = path.split("/");
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
}

function whiteoutOf(path: string): { path: string; isOpaque: boolean } | undefined {
  const slash = path.lastIndexOf("/") + 1;
  const name = path.slice(slash);
  if (!name.startsWith(".wh.")) return undefined;
  if (name === ".wh..wh..opq") return { path: path.slice(0, Math.max(0, slash - 1)), isOpaque: true };
  return { path: path.slice(0, slash) + name.slice(4), isOpaque: false };
}

/**
 * A random stack of layers as engines take them: in a layer no path twice, nothing below a file, hard links to files before them,
 * nothing beside or below a whiteout of its own.
 */
export function randomStack(seed: number): readonly (readonly TestEntry[])[] {
  const random = seededRandom(seed);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const names = ["a", "b", "c"];
  const anyPath = (): string => Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(names)).join("/");
  let serial = 0;
  const randomLayer = (): readonly TestEntry[] => {
    const entries = new Map<string, TestEntry>();
    const linkable = (): readonly string[] =>
      [...entries].filter(([, { content, type }]) => (content ?? type) !== undefined).map(([path]) => path);
    const isFree = (path: string): boolean =>
      [...entries].every(([other, entry]) => {
        if (path === other) return false;
        const [above, below, top] = path.startsWith(`${other}/`) ? [other, path, entry] : [path, other, undefined];
        // What is above something must be a folder, and what is there already and below would come before it.
        return !below.startsWith(`${above}/`) || (top !== undefined && (top.path.endsWith("/") || top.path.endsWith(".opq")));
      });
    for (let turn = 0; turn < 10; turn++) {
      const path = anyPath();
      if (!isFree(path)) continue;
      const kind = random();
      const links = linkable();
      const link = pick(links.length === 0 ? [""] : links);
      if (kind < 0.3) entries.set(path, { path, content: `content ${serial++}` });
      else if (kind < 0.5) entries.set(path, { path: `${path}/`, mode: pick([0o755, 0o700]) });
      else if (kind < 0.6) entries.set(path, { path, type: "symlink", link: pick(["a", "../b", "/c/a"]) });
      else if (kind < 0.7 && link !== "") entries.set(path, { path, type: "hardlink", link });
      else if (kind < 0.9) entries.set(path, { path: path.replace(/[^/]+$/, ".wh.$&") });
      else entries.set(path, { path: `${path}/.wh..wh..opq` });
    }
    return [...entries.values()];
  };
  return Array.from({ length: 1 + Math.floor(random() * 5) }, randomLayer);
}
