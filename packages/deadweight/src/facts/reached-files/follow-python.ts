import type { ByteString } from "../../lib/byte-string.ts";
import { folderOf, type Follow, type WalkContext } from "./walk-context.ts";

/** What the interpreter imports before any program: its own site.py and the encodings of terminals. */
const startup =
  "encodings encodings.aliases encodings.utf_8 encodings.latin_1 encodings.ascii encodings.idna io abc codecs site os stat posixpath genericpath _collections_abc _sitebuiltins importlib importlib._bootstrap importlib._bootstrap_external importlib.util importlib.machinery runpy sitecustomize";

/** What a Python module imports, and files of its package that it names. */
export const followPython: Follow = (context, entry) => {
  const { tree, read } = context;
  const folder = folderOf(tree.path(entry));
  return read.mentions(entry).flatMap((mention) => {
    if (mention.startsWith("/")) return [mention.slice(1)];
    const name = mention.slice(1);
    if (mention.startsWith("^") && canDoWithout(context, entry, name)) return [];
    if (mention.startsWith("=")) return ["", "templates/", "static/", "data/"].map((place) => `${folder}/${place}${name}`);
    return moduleFiles(context, entry, name);
  });
};

/**
 * What a module with ImportError caught does not miss: `_speedups`, which it has in Python as well, and other packages than its own. Parts of its
 * own package, or of the standard library, do something for it.
 */
function canDoWithout({ modules, tree }: WalkContext, asking: number, name: string): boolean {
  if (/(?:^|\.)_[a-z]\w*(?:\.|$)/.test(name)) return true;
  const [top = ""] = name.split(".");
  const isOwn = top === "" || modules.names.get(asking)?.name.split(".")[0] === top;
  const files = modules.roots.flatMap((root) => modules.files.get(`${root}:${top}`) ?? []);
  return !isOwn && files.every((file) => /(?:site|dist)-packages\//.test(tree.path(file)));
}

/** Files of a module and of the packages that hold it, by its dotted name. */
export function moduleFiles(context: WalkContext, asking: number, name: string): readonly ByteString[] {
  const absolute = name.startsWith(".") ? absoluteName(context, asking, name) : { roots: context.modules.roots, dotted: name };
  if (absolute === undefined) return [];
  const parts = absolute.dotted.split(".");
  return parts.flatMap((_, index) => filesOf(context, absolute.roots, parts.slice(0, index + 1).join(".")));
}

/** The folder that comes first on the search path is not known: all that have the module count. */
function filesOf({ modules, tree }: WalkContext, roots: readonly ByteString[], dotted: string): readonly ByteString[] {
  return roots.flatMap((root) => (modules.files.get(`${root}:${dotted}`) ?? []).map((file) => tree.path(file)));
}

function absoluteName(
  { modules, tree }: WalkContext,
  asking: number,
  name: string,
): { readonly roots: readonly ByteString[]; readonly dotted: string } | undefined {
  const own = modules.names.get(asking);
  if (own === undefined) return undefined;
  const dots = /^\.+/.exec(name)?.[0].length ?? 0;
  const isPackage = tree.paths.name(tree.nodeOf(asking)).startsWith("__init__.");
  const parts = own.name.split(".");
  const kept = parts.slice(0, Math.max(0, parts.length - dots + (isPackage ? 1 : 0)));
  return { roots: [own.root], dotted: [...kept, name.slice(dots)].filter((part) => part !== "").join(".") };
}

/** What Python needs to start. */
export function pythonStartup(context: WalkContext, asking: number): readonly ByteString[] {
  return startup.split(" ").flatMap((name) => moduleFiles(context, asking, name));
}
