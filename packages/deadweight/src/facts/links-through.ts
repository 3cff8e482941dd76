import type { FileTree } from "./file-tree.ts";

/**
 * The entries among `isGoing` that a visible symbolic link which stays passes through or ends at: without them it would lead
 * nowhere. At most 40 links are followed.
 */
export function linksThrough(tree: FileTree, isGoing: (entry: number) => boolean): Set<number> {
  const needed = new Set<number>();
  for (let entry = 0; entry < tree.entryCount; entry++) {
    if (tree.fate(entry) !== "visible" || tree.type(entry) !== "symlink" || isGoing(entry)) continue;
    const trail = trailOf(tree, entry);
    // A link that leads nowhere today needs nothing.
    if (trail.some(isGoing)) for (const passed of trail) if (isGoing(passed)) needed.add(passed);
  }
  return needed;
}

/** The links that a link passes through and the entry at its end; empty when it leads nowhere. */
function trailOf(tree: FileTree, link: number): readonly number[] {
  const trail: number[] = [];
  const pending = namesOf(tree, link);
  let node = tree.paths.parent(tree.nodeOf(link));
  for (let hops = 1; pending.length > 0;) {
    const name = pending.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "/") node = 0;
    else if (name === "..") node = tree.paths.parent(node);
    else {
      const child = tree.paths.findChild(node, name);
      if (child < 0) return [];
      const entry = tree.visible(child);
      if (entry < 0 || tree.type(entry) !== "symlink") node = child;
      else {
        if (++hops > 40) return [];
        trail.push(entry);
        pending.push(...namesOf(tree, entry));
      }
    }
  }
  const end = tree.visible(node);
  return end < 0 ? [] : [...trail, end];
}

/** The names of a link's target, the first last, with `/` for the root. */
function namesOf(tree: FileTree, link: number): string[] {
  const target = tree.symlink(link) ?? "";
  const names = target.split("/").reverse();
  return target.startsWith("/") ? [...names, "/"] : names;
}
