import { configOf, sha256 } from "./archived-image.ts";
import { tarOf, type TestEntry } from "./layers.ts";

/** Names that meet often, among them one that is no UTF-8, one with a space and one that does not fit into a plain header. */
const names = ["a", "b", "c", "d", "caf\xe9", "with space", "long".repeat(30)];
const deepest = 3;
const mostSteps = 10;
const modes = [0o644, 0o755, 0o600, 0o4755, 0o2711, 0o1777, 0];

/** One layer being made: what it has at each path, in the order of the archive. */
interface Draft {
  readonly entries: TestEntry[];
  readonly kinds: Map<string, string>;
  readonly random: () => number;
}

/**
 * Layers that engines accept, lowest first: parents before children, no path twice, no name beside its own whiteout, no opaque
 * root, hard links after their targets and with their attributes. What meets what in the layers below is left to chance.
 */
export function randomStack(random: () => number): readonly (readonly TestEntry[])[] {
  const count = 1 + Math.floor(random() * 6);
  return Array.from({ length: count }, () => {
    const draft: Draft = { entries: [], kinds: new Map(), random };
    const steps = 1 + Math.floor(random() * mostSteps);
    for (let step = 0; step < steps; step++) takeStep(draft, randomPath(random));
    // An engine stores no layer without an entry.
    if (draft.entries.length === 0) addFolder(draft, "a");
    return draft.entries;
  });
}

function randomPath(random: () => number): string {
  const depth = 1 + Math.floor(random() * deepest);
  return Array.from({ length: depth }, () => pick(names, random)).join("/");
}

function pick<T>(list: readonly T[], random: () => number): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new RangeError("an empty list");
  return chosen;
}

function takeStep(draft: Draft, path: string): void {
  const chance = draft.random();
  if (chance < 0.2) hide(draft, path);
  else if (chance < 0.3) empty(draft, path);
  else if (chance < 0.45) addFolder(draft, path);
  else if (chance < 0.55) add(draft, path, { type: "symlink", link: randomPath(draft.random), mode: 0o777 });
  else if (chance < 0.6) add(draft, path, { type: "fifo" });
  else if (chance < 0.7) addLink(draft, path);
  // Sizes tell contents apart.
  else add(draft, path, { content: "x".repeat(Math.floor(draft.random() * 5000)) });
}

/** Whether the folder above a path is in the layer now: it is added with all above it, unless something else is there. */
function addParents(draft: Draft, path: string): boolean {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  return parent === "" || addFolder(draft, parent);
}

function addFolder(draft: Draft, path: string): boolean {
  if (draft.kinds.get(path) === "folder") return true;
  return add(draft, path, { type: "directory" }, "folder");
}

function add(draft: Draft, path: string, entry: Omit<TestEntry, "path">, kind = "other"): boolean {
  if (draft.kinds.has(path) || !addParents(draft, path)) return false;
  draft.kinds.set(path, kind);
  draft.entries.push({ path, ...attributes(draft.random), ...entry });
  return true;
}

function attributes(random: () => number): Pick<TestEntry, "mode" | "uid" | "gid" | "mtime"> {
  const id = (): number => pick([0, 0, 1000, 65_534, 3_000_000], random);
  return { mode: pick(modes, random), uid: id(), gid: id(), mtime: 1_600_000_000 + Math.floor(random() * 1e8) };
}

function addLink(draft: Draft, path: string): void {
  const files = draft.entries.filter(({ type, content }) => type === undefined && content !== undefined);
  if (files.length === 0) return;
  const { path: link, mode, uid, gid, mtime } = pick(files, draft.random);
  add(draft, path, { type: "hardlink", link, ...(JSON.parse(JSON.stringify({ mode, uid, gid, mtime })) as object) });
}

function hide(draft: Draft, path: string): void {
  if (draft.kinds.has(path) || !addParents(draft, path)) return;
  draft.kinds.set(path, "whiteout");
  draft.entries.push({ path: path.replace(/[^/]*$/, ".wh.$&"), mode: 0, mtime: 0 });
}

/** The marker may stand after what the folder newly holds. */
function empty(draft: Draft, path: string): void {
  if (addFolder(draft, path)) add(draft, `${path}/.wh..wh..opq`, {});
}

/** An archive of `docker save` with these images, by name. */
export function savedImages(images: ReadonlyMap<string, readonly Uint8Array[]>): Uint8Array {
  const entries = new Map<string, TestEntry>();
  const add = (path: string, content: string | Uint8Array): string => {
    entries.set(path, { path, content });
    return path;
  };
  const manifest = [...images].map(([name, layers]) => ({
    Config: add(`${sha256(configOf(layers))}.json`, configOf(layers)),
    RepoTags: [`${name}:latest`],
    Layers: layers.map((layer) => add(`${sha256(layer)}.tar`, layer)),
  }));
  add("manifest.json", JSON.stringify(manifest));
  return tarOf([...entries.values()]);
}
