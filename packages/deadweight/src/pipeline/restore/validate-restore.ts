import type { Facts } from "../../contracts/fact.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { textOf } from "../../lib/byte-string.ts";
import { attributesOf, type Attributes } from "../../facts/visible-attributes.ts";
import type { RestorePair } from "./plan-restore.ts";

/** Paths of the image after that are not as they were before, or for those that were brought back not as in the image that has them. */
export function validateRestore({ into, from }: RestorePair, after: Facts, entries: readonly number[]): readonly string[] {
  const [old, now, source] = [into.get(fileTree), after.get(fileTree), from.get(fileTree)];
  const [oldText, nowText, sourceText] = [textsOf(into), textsOf(after), textsOf(from)];
  const expected = new Map<string, string>();
  for (const entry of old.all()) expected.set(old.path(entry), oldText(entry));
  for (const entry of foldersAbove(from, entries))
    if (!expected.has(source.path(entry))) expected.set(source.path(entry), sourceText(entry));
  for (const entry of entries) expected.set(source.path(entry), sourceText(entry));
  const wrong: string[] = [];
  for (const entry of now.all()) {
    const path = now.path(entry);
    if (expected.get(path) !== nowText(entry)) wrong.push(textOf(path));
    expected.delete(path);
  }
  return [...wrong, ...[...expected.keys()].map(textOf)];
}

function textsOf(facts: Facts): (entry: number) => string {
  const read = attributesOf(facts);
  return (entry) => {
    const { file, content }: Attributes = read(entry);
    return JSON.stringify([file, content]);
  };
}

function foldersAbove(from: Facts, entries: readonly number[]): readonly number[] {
  const tree = from.get(fileTree);
  const found = new Set<number>();
  for (const entry of entries) {
    for (let node = tree.paths.parent(tree.nodeOf(entry)); node > 0; node = tree.paths.parent(node))
      if (tree.visible(node) >= 0) found.add(tree.visible(node));
  }
  return [...found];
}
