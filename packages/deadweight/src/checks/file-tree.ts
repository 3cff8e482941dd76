import { defineCheck, judged, type Check, type Comparison } from "../contracts/check.ts";
import { fileTree as stackedTree, type FileTree } from "../facts/file-tree.ts";
import { groupsDiffer } from "../facts/link-groups.ts";
import { attributeDifferences, attributesOf } from "../facts/visible-attributes.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf } from "../lib/byte-string.ts";

/** What a container sees differs only where it was to. */
export const fileTree: Check = defineCheck({
  name: "file-tree",
  title: "the files differ only where the list of changes or a pattern says so",
  needs: "nothing",
  compare: (comparison) => {
    const [old, now] = [comparison.before.get(stackedTree), comparison.after.get(stackedTree)];
    const { differences, paths } = pathsDiffer(comparison, old, now);
    const all = [...differences, ...added(comparison, old, now), ...linksDiffer(comparison, old, now)];
    return judged(all, `${countOf(paths, "path")} compared`, "differences that nothing announced");
  },
});

function pathsDiffer(
  { before, after, expected }: Comparison,
  old: FileTree,
  now: FileTree,
): { readonly differences: readonly string[]; readonly paths: number } {
  const [wanted, actual] = [attributesOf(before), attributesOf(after)];
  const differences: string[] = [];
  let paths = 0;
  for (const entry of old.all()) {
    paths++;
    const path = old.path(entry);
    const found = now.find(path);
    const changes = expected(path);
    if (changes.has("anything")) continue;
    if (found < 0) {
      if (!changes.has("remove")) differences.push(`${textOf(path)}: gone`);
      continue;
    }
    const rows = attributeDifferences(wanted(entry), actual(found)).filter(
      ([name]) => !(name === "content" && changes.has("rewrite")) && !(name === "mtime" && changes.has("times")),
    );
    for (const [name, one, other] of rows) differences.push(`${textOf(path)}: ${name} was ${one}, is ${other}`);
  }
  return { differences, paths };
}

function added({ expected }: Comparison, old: FileTree, now: FileTree): readonly string[] {
  const differences: string[] = [];
  for (const entry of now.all()) {
    const path = now.path(entry);
    if (old.find(path) < 0 && !expected(path).has("anything")) differences.push(`${textOf(path)}: new`);
  }
  return differences;
}

function linksDiffer({ expected }: Comparison, old: FileTree, now: FileTree): readonly string[] {
  const isFree = (entry: number): boolean => {
    const changes = expected(old.path(entry));
    return changes.has("link") || changes.has("rewrite") || changes.has("anything");
  };
  return groupsDiffer(old, now, new Map(), isFree).map(
    ({ location, expected: wanted, actual }) => `${location?.path ?? ""}: was ${wanted}, is ${actual}`,
  );
}
