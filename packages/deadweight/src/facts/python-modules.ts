import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { byteStringFromText, type ByteString } from "../lib/byte-string.ts";
import { commandWords } from "./command-words.ts";
import { fileTree, type FileTree } from "./file-tree.ts";

/** Modules that Python can import, as files tell. */
export interface PythonModules {
  /** Files by folder of the search path and dotted name: `usr/lib/python3:json.decoder`. A package's is its `__init__`. */
  readonly files: ReadonlyMap<string, readonly number[]>;
  /** Folders of the search path; in those of the standard library another one may begin. */
  readonly roots: readonly ByteString[];
  /** By entry: the folder and the dotted name. */
  readonly names: ReadonlyMap<number, { readonly root: ByteString; readonly name: string }>;
}

const standard = ["**/lib/python3*", "**/lib/python3*/lib-dynload", "**/site-packages", "**/dist-packages", "**/lib64/python3*"];
const moduleFile = /^(.+?)(?:\.py|\.pyc|(?:\.cpython-[\w-]+|\.abi3)?\.so)$/;
const mostDepth = 40;

/** The importable modules of an image. */
export const pythonModules: Fact<PythonModules> = defineFact("python-modules", (facts: Facts): PythonModules => {
  const tree = facts.get(fileTree);
  const roots = rootsOf(facts, tree);
  const isRoot = new Set(roots.map((root) => tree.paths.find(root)));
  const files = new Map<string, number[]>();
  const names = new Map<number, { root: ByteString; name: string }>();
  for (const root of roots) {
    for (const { entry, name } of modulesBelow(tree, tree.paths.find(root), isRoot)) {
      const key = `${root}:${name}`;
      files.set(key, [...(files.get(key) ?? []), entry]);
      names.set(entry, { root, name });
    }
  }
  return { files, names, roots };
});

/** Folders of the standard library and of packages, PYTHONPATH, the working folder, and folders of scripts that commands name. */
function rootsOf(facts: Facts, tree: FileTree): readonly ByteString[] {
  const { environment, workingDirectory } = facts.image.config;
  const set = environment.findLast((line) => line.startsWith("PYTHONPATH="))?.slice(11) ?? "";
  const scripts = commandWords(facts).flatMap(([, word]) => (/^\/.*\.py$/.test(word) ? [word.replace(/\/[^/]*$/, "")] : []));
  const named = [...set.split(":"), workingDirectory, ...scripts].map((folder) => nodeAt(tree, byteStringFromText(folder)));
  const found = standard.flatMap((pattern) => [...tree.globAll(pattern)]);
  const folders = [...named, ...found].filter((node) => node > 0 && tree.paths.hasChildren(node));
  return [...new Set(folders)].map((node) => tree.paths.path(node));
}

/** A folder that no layer stores has no entry, but a node. */
function nodeAt(tree: FileTree, folder: ByteString): number {
  const entry = tree.resolve(folder);
  return entry < 0 ? tree.paths.find(folder) : tree.nodeOf(entry);
}

interface Folder {
  readonly node: number;
  /** Dotted, with a dot at the end; empty for the folder of the search path. */
  readonly prefix: string;
  readonly depth: number;
}

function* modulesBelow(
  tree: FileTree,
  root: number,
  isRoot: ReadonlySet<number>,
): Generator<{ readonly entry: number; readonly name: string }> {
  const pending: Folder[] = [{ node: root, prefix: "", depth: 0 }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const child of tree.paths.children(folder.node)) {
      const entry = tree.visible(child);
      const name = tree.paths.name(child);
      if (entry >= 0 && tree.type(entry) !== "directory") {
        const stem = moduleFile.exec(name)?.[1];
        const dotted = stem === "__init__" ? folder.prefix.slice(0, -1) : `${folder.prefix}${stem ?? ""}`;
        if (stem !== undefined && /^[A-Za-z_]\w*$/.test(stem) && dotted !== "") yield { entry, name: dotted };
      } else if (/^[A-Za-z_]\w*$/.test(name) && name !== "__pycache__" && !isRoot.has(child) && folder.depth < mostDepth) {
        pending.push({ node: child, prefix: `${folder.prefix}${name}.`, depth: folder.depth + 1 });
      }
    }
  }
}
