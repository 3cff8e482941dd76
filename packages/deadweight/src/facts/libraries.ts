import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { ByteString } from "../lib/byte-string.ts";
import type { ElfNeeds } from "../model/layer-programs.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { loaderFolders } from "./loader-folders.ts";
import { programs, type Programs } from "./programs.ts";

/** How the loader of an image finds libraries. */
export interface Libraries {
  /** The file that a name leads to when a file asks for it, or -1; that it was not found does not mean that none is loaded already. */
  readonly find: (entry: number, name: ByteString) => number;
  /** The loader that the kernel starts for a program: -1 when it is not there, undefined where the program asks for none. */
  readonly interpreter: (entry: number) => number | undefined;
}

/** The libraries of an image; undefined when its programs were not looked into. */
export const libraries: Fact<Libraries | undefined> = defineFact("libraries", (facts: Facts): Libraries | undefined => {
  const tree = facts.get(fileTree);
  const read = facts.get(programs);
  if (read === undefined) return undefined;
  const { environment, system } = facts.get(loaderFolders);
  const inFolder = createLookup(tree, read);
  let inherited: InheritedFolders | undefined;
  const own = (entry: number, folders: readonly ByteString[]): readonly ByteString[] => {
    const origin = tree.paths.path(tree.paths.parent(tree.nodeOf(entry)));
    return folders.flatMap((folder) => expanded(folder, origin));
  };
  const find = (entry: number, name: ByteString, loaders: readonly ByteString[]): number => {
    const needs = read.elf(entry);
    if (needs === undefined) return -1;
    if (name.includes("/")) return fileAt(tree, read, name, needs.machine);
    const rpath = needs.runpath.length === 0 ? [...own(entry, needs.rpath), ...loaders] : [];
    for (const folder of [...rpath, ...environment, ...own(entry, needs.runpath), ...system]) {
      const found = inFolder(folder, name, needs);
      if (found >= 0) return found;
    }
    return -1;
  };
  return {
    find: (entry, name) => {
      const found = find(entry, name, []);
      if (found >= 0) return found;
      inherited ??= inheritedFolders(tree, read, own, find);
      const loaders = inherited.get(entry);
      return loaders === undefined ? -1 : find(entry, name, [...loaders]);
    },
    interpreter: (entry) => {
      const path = read.elf(entry)?.interpreter;
      return path === undefined ? undefined : tree.resolve(path);
    },
  };
});

/** By entry of a library: folders that who loads it has in its DT_RPATH. */
type InheritedFolders = ReadonlyMap<number, ReadonlySet<ByteString>>;

/**
 * DT_RPATH counts for all that a file loads, and for what that loads in turn, where no DT_RUNPATH stands beside it: ld.so(8). Which program loads
 * a library is not known: the folders of all that may count.
 */
function inheritedFolders(
  tree: FileTree,
  read: Programs,
  own: (entry: number, folders: readonly ByteString[]) => readonly ByteString[],
  find: (entry: number, name: ByteString, loaders: readonly ByteString[]) => number,
): InheritedFolders {
  const inherited = new Map<number, Set<ByteString>>();
  for (const entry of tree.all()) {
    const needs = read.elf(entry);
    if (needs === undefined || needs.rpath.length === 0 || needs.runpath.length > 0) continue;
    const folders = own(entry, needs.rpath);
    const seen = new Set([entry]);
    for (const loading of seen) {
      for (const name of read.elf(loading)?.needed ?? []) {
        const found = find(loading, name, loading === entry ? [] : folders);
        if (found < 0 || seen.has(found)) continue;
        seen.add(found);
        const known = inherited.get(found) ?? new Set();
        inherited.set(found, known);
        for (const folder of folders) known.add(folder);
      }
    }
  }
  return inherited;
}

type Lookup = (folder: ByteString, name: ByteString, needs: ElfNeeds) => number;

/** Remembers what was asked: thousands of files ask for libc in the same folders. */
function createLookup(tree: FileTree, read: Programs): Lookup {
  const known = new Map<string, number>();
  return (folder, name, { machine }) => {
    const key = `${machine} ${folder}/${name}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = fileAt(tree, read, `${folder}/${name}`, machine);
    known.set(key, found);
    return found;
  };
}

function fileAt(tree: FileTree, read: Programs, path: ByteString, machine: string): number {
  const entry = tree.resolve(path);
  return entry >= 0 && read.elf(entry)?.machine === machine ? entry : -1;
}

/** ld.so(8): $ORIGIN is the folder of the file, $LIB one of the machine's names for `lib`; an empty name is the working folder. */
function expanded(folder: ByteString, origin: ByteString): readonly ByteString[] {
  const placed = folder.replace(/\$(?:ORIGIN|\{ORIGIN\})/g, `/${origin}`).replace(/\$(?:PLATFORM|\{PLATFORM\})/g, "x86_64");
  if (!placed.startsWith("/")) return [];
  return /\$(?:LIB|\{LIB\})/.test(placed)
    ? ["lib64", "lib", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"].map((name) => placed.replace(/\$(?:LIB|\{LIB\})/g, name))
    : [placed];
}
