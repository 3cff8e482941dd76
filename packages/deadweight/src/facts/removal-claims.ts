import type { EntryClaim } from "../contracts/rule.ts";
import type { FileTree } from "./file-tree.ts";

/**
 * Claims for what removing visible names frees: a hard link costs its header alone while another name of the content stays,
 * and the entry that carries the content for such a name is not claimed. Each entry is claimed once, in the order given.
 */
export function removalClaims(tree: FileTree, entries: Iterable<number>): EntryClaim[] {
  const chosen = new Set(entries);
  const stays = contentsOfOtherNames(tree, chosen);
  const claimed = new Set<number>();
  for (const entry of chosen) {
    const content = tree.contentOf(entry);
    if (content !== entry) claimed.add(entry);
    // A hidden entry lives on through its visible links alone: it goes with the last of them.
    if (!stays.has(content) && (chosen.has(content) || tree.fate(content) !== "visible")) claimed.add(content);
  }
  return [...claimed].map((entry) => ({ entry }));
}

/** Entries whose content a visible hard link outside of `chosen` needs. */
function contentsOfOtherNames(tree: FileTree, chosen: ReadonlySet<number>): Set<number> {
  const contents = new Set<number>();
  if (chosen.size === 0) return contents;
  for (let entry = 0; entry < tree.entryCount; entry++) {
    const content = tree.contentOf(entry);
    if (content !== entry && !chosen.has(entry) && tree.fate(entry) === "visible") contents.add(content);
  }
  return contents;
}
