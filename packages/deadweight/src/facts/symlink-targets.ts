import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { fileTree } from "./file-tree.ts";

/** The visible symbolic links that lead somewhere, each with the visible entry that it leads to at last. */
export const symlinkTargets: Fact<readonly (readonly [link: number, target: number])[]> = defineFact(
  "symlink-targets",
  (facts: Facts) => {
    const tree = facts.get(fileTree);
    const links: (readonly [number, number])[] = [];
    for (let entry = 0; entry < tree.entryCount; entry++) {
      if (tree.symlink(entry) === undefined || tree.fate(entry) !== "visible") continue;
      const target = tree.resolve(tree.path(entry));
      if (target >= 0) links.push([entry, target]);
    }
    return links;
  },
);
