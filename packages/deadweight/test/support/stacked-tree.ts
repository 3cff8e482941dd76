import type { TestEntry } from "./layers.ts";

/** What a container sees of test layers: a description of each path, folders that only their content makes included. */
export type StackedTree = ReadonlyMap<string, string>;

interface Inode {
  readonly description: string;
  readonly isFolder: boolean;
  readonly number: number;
}

/** Stacks test layers by the rules of overlayfs, apart from the code under test. */
export function stackedTree(layers: readonly (readonly TestEntry[])[]): StackedTree {
  const seen = new Map<string, Inode>();
  let number = 0;
  const hideBelow = (folder: string): void => {
    for (const path of seen.keys()) if (path.startsWith(`${folder}/`)) seen.delete(path);
  };
  for (const layer of layers) {
    for (const { path } of layer) {
      const [folder, name] = split(path);
      if (name === ".wh..wh..opq") hideBelow(folder);
      else if (name.startsWith(".wh.")) {
        const hidden = join(folder, name.slice(4));
        seen.delete(hidden);
        hideBelow(hidden);
      }
    }
    for (const entry of layer) {
      const path = entry.path.replace(/\/$/, "");
      const [folder, name] = split(path);
      for (const parent of parentsOf(path)) {
        if (seen.get(parent)?.isFolder === true) continue;
        seen.set(parent, { description: "implied", isFolder: true, number: number++ });
      }
      if (name.startsWith(".wh.")) continue;
      const isFolder = entry.path.endsWith("/");
      if (!isFolder) hideBelow(path);
      const target = entry.type === "hardlink" ? seen.get(entry.link ?? "") : undefined;
      seen.set(path, target ?? { description: described(entry), isFolder, number: number++ });
      void folder;
    }
  }
  const groups = Map.groupBy(seen, ([, inode]) => inode.number);
  return new Map(
    [...seen].map(([path, inode]) => {
      const names = groups.get(inode.number) ?? [];
      return [
        path,
        `${inode.description} ${names
          .map(([name]) => name)
          .sort()
          .join("=")}`,
      ];
    }),
  );
}

function described({
  path,
  type,
  content = "",
  link,
  mode,
  uid = 0,
  gid = 0,
  mtime = 1_700_000_000,
  xattrs = {},
}: TestEntry): string {
  const kind = type ?? (path.endsWith("/") ? "directory" : "file");
  const usual = kind === "directory" ? 0o755 : 0o644;
  const text = typeof content === "string" ? content : Buffer.from(content).toString("latin1");
  const told = text.replace(/x{9,}/g, (run) => `${run.length} times x`);
  return JSON.stringify([kind, kind === "symlink" ? link : told, mode ?? usual, uid, gid, mtime, xattrs]);
}

function split(path: string): [folder: string, name: string] {
  const slash = path.lastIndexOf("/");
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** The folders above, the topmost first. */
function parentsOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}
