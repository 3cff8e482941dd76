import type { ByteString } from "../../lib/byte-string.ts";
import { folderOf, type Follow, type WalkContext } from "./walk-context.ts";

/** What the interpreter imports before any program: its own site.py and the encodings of terminals. */
const startup = "encodings encodings.aliases encodings.utf_8 encodings.latin_1 encodings.ascii io abc codecs site os stat posixpath genericpath _collections_abc _sitebuiltins importlib importlib._bootstrap importlib._bootstrap_external importlib.util importlib.machinery runpy sitecustomize";

/** What a Python module imports, and files of its package that it names. */
export const followPython: Follow = (context, entry) => {
  const { tree, read } = context;
  const folder = folderOf(tree.path(entry));
  return read.mentions(entry).flatMap((mention) => {
    if (mention.startsWith("/")) return [mention.slice(1)];
    const name = mention.slice(1);
    if (mention.startsWith("=")) return ["", "templates/", "static/", "data/"].map((place) => `${folder}/${place}${name}`);
    return moduleFiles(context, entry, name);
  });
};

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
