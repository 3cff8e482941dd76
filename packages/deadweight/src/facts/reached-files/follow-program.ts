import { textOf, type ByteString } from "../../lib/byte-string.ts";
import { entryNamed } from "../command-words.ts";
import { pythonStartup } from "./follow-python.ts";
import { folderOf, type Follow, type WalkContext } from "./walk-context.ts";

const mostInFolder = 200;
/** Their paths are those of users' folders and shells. */
const accounts = /^etc\/(?:passwd|group|g?shadow)-?$/;

/** What an ELF file loads and names: libraries, its loader, paths among its constants; of Python what that starts with. */
export const followElf: Follow = (context, entry) => {
  const { tree, read, found } = context;
  const needs = read.elf(entry);
  const libraries = [...(needs?.needed ?? []), ...read.mentions(entry).filter((name) => !name.startsWith("/"))];
  const entries = [...libraries.map((name) => found.find(entry, name)), found.interpreter(entry) ?? -1];
  const paths = read
    .mentions(entry)
    .filter((name) => name.startsWith("/"))
    .map((path) => path.slice(1));
  const isPython = /^(?:lib)?python3/.test(tree.paths.name(tree.nodeOf(entry)));
  return [
    ...entries.filter((library) => library >= 0).map((library) => tree.path(library)),
    ...paths,
    ...(isPython ? pythonStartup(context, entry) : []),
  ];
};

/** The interpreter of a script, and for a shell the programs and paths among its words. */
export const followScript: Follow = (context, entry) => {
  const { read, facts } = context;
  const line = textOf(read.shebang(entry) ?? "").split(/\s+/);
  const words = (line[0] ?? "").endsWith("sh") ? read.mentions(entry) : [];
  return [...line, ...words].flatMap((word) => {
    const named = entryNamed(facts, word);
    return [...(named < 0 ? [] : [context.tree.path(named)]), ...(word.startsWith("/") ? [word.slice(1)] : [])];
  });
};

/** Paths in settings, and plug-ins by their base names; of a pattern what it matches, of a folder what lies in it where that is not much. */
export const followSettings: Follow = ({ tree, read }, entry) => {
  const own = folderOf(tree.path(entry));
  if (accounts.test(tree.path(entry))) return [];
  return read.mentions(entry).flatMap((mention): readonly ByteString[] => {
    const path = mention.replace(/^\/+|\/+$/g, "");
    if (mention.startsWith("=")) return [...tree.glob(`**/${mention.slice(1)}`)].slice(0, 3).map((node) => tree.paths.path(node));
    const nodes = path.includes("*") ? [...tree.glob(path)] : [];
    const folder = tree.resolve(path);
    const isFolder =
      folder >= 0 &&
      tree.type(folder) === "directory" &&
      !own.startsWith(tree.path(folder)) &&
      !/(?:^|\/)s?bin$/.test(tree.path(folder));
    const inFolder = isFolder ? filesBelow({ tree }, tree.nodeOf(folder)) : [];
    return [path, ...nodes.map((node) => tree.paths.path(node)), ...inFolder];
  });
};

function filesBelow({ tree }: Pick<WalkContext, "tree">, folder: number): readonly ByteString[] {
  const paths: ByteString[] = [];
  for (const entry of tree.within(folder)) {
    if (tree.type(entry) !== "directory") paths.push(tree.path(entry));
    if (paths.length > mostInFolder) return [];
  }
  return paths;
}
