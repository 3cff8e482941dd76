import type { Facts } from "../contracts/fact.ts";
import type { EntryClaim } from "../contracts/rule.ts";
import { claimsWithin } from "./claims-within.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { symlinkTargets } from "../facts/symlink-targets.ts";

/**
 * As `claimsWithin`, less the files that a symbolic link outside leads to, itself or through a folder below the patterns:
 * uv and conda can install by links into their cache, which would then lead nowhere.
 */
export function unlinkedClaims(facts: Facts, patterns: readonly string[], accept?: (entry: number) => boolean): EntryClaim[] {
  const tree = facts.get(fileTree);
  const claims = claimsWithin(tree, patterns, accept);
  const chosen = new Set(claims.map(({ entry }) => entry));
  if (chosen.size === 0) return claims;
  const roots = patterns.flatMap((pattern) => [...tree.globAll(pattern)]);
  const needed = new Set<number>();
  for (const [link, target] of facts.get(symlinkTargets)) {
    if (!chosen.has(link)) for (const entry of reached(tree, target, roots)) if (chosen.has(entry)) needed.add(entry);
  }
  if (needed.size === 0) return claims;
  return claimsWithin(tree, patterns, (entry) => !needed.has(entry) && (accept?.(entry) ?? true));
}

/** A link to the whole of a matched folder is another name for it (`/var/tmp` for `/tmp`), no need of what is in it. */
function reached(tree: FileTree, target: number, roots: readonly number[]): Iterable<number> {
  if (tree.type(target) !== "directory") return [target];
  const node = tree.nodeOf(target);
  return roots.some((root) => node !== root && tree.paths.isWithin(node, root)) ? tree.within(node) : [];
}
