import type { Facts } from "../../contracts/fact.ts";
import { fileTree, type FileTree } from "../../facts/file-tree.ts";
import { byteStringFromText, textOf, type ByteString } from "../../lib/byte-string.ts";
import { closestName } from "../../lib/did-you-mean.ts";
import { UserError } from "../../lib/user-error.ts";

/** The visible entries at paths and below them, each once, in the order of the layers. Throws UserError, exit 2, for a path that is not there. */
export function wantedPaths(facts: Facts, paths: readonly string[]): readonly number[] {
  const tree = facts.get(fileTree);
  const wanted = new Set<number>();
  for (const path of paths) {
    const node = tree.paths.find(byteStringFromText(path));
    const found = node < 0 ? [] : [...tree.within(node)];
    if (found.length === 0) throw unknownPath(tree, path, facts.image.reference);
    for (const entry of found) wanted.add(entry);
  }
  return [...wanted].sort((one, other) => one - other);
}

function unknownPath(tree: FileTree, path: string, reference: string): UserError {
  const hint = hintFor(tree, byteStringFromText(path));
  return new UserError("unknown-path", `path ${JSON.stringify(path)}: ${reference} has none of that name`, {
    exitCode: 2,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Where symbolic links lead to, or the nearest name in the deepest folder that is there. */
function hintFor(tree: FileTree, path: ByteString): string | undefined {
  const real = tree.resolve(path);
  if (real > 0) return `it is reached through a symbolic link: write ${JSON.stringify(textOf(tree.path(real)))}`;
  let node = 0;
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    const child = tree.paths.findChild(node, name);
    if (child >= 0 && (tree.visible(child) >= 0 || tree.within(child).next().done !== true)) {
      node = child;
      continue;
    }
    const siblings = [...tree.paths.children(node)].filter((other) => tree.visible(other) >= 0);
    const names = siblings.map((other) => textOf(tree.paths.name(other))).sort((one, other) => (one < other ? -1 : 1));
    const closest = closestName(textOf(name), names);
    const folder = textOf(tree.paths.path(node));
    if (closest === undefined) return folder === "" ? undefined : `the folder ${JSON.stringify(folder)} is there`;
    return `did you mean ${JSON.stringify(folder === "" ? closest : `${folder}/${closest}`)}?`;
  }
  return undefined;
}
