import { asRecord } from "../lib/parse-json.ts";

/** The words of a path: `$.items[*].id` has `items`, `*`, `id`. */
function wordsOf(path: string): readonly string[] {
  return [...path.matchAll(/\.([^.[\]]+)|\[(\d+|\*)\]/g)].map(([, name, place]) => name ?? place ?? "");
}

/** Values at a path; `[*]` and `.*` stand for all items or fields. */
export function valuesAt(root: unknown, path: string): readonly unknown[] {
  return wordsOf(path).reduce<readonly unknown[]>((values, word) => values.flatMap((value) => inside(value, word)), [root]);
}

function inside(value: unknown, word: string): readonly unknown[] {
  if (Array.isArray(value)) return word === "*" ? value : value.slice(Number(word), Number(word) + 1);
  const fields = asRecord(value);
  if (fields === undefined) return [];
  if (word === "*") return Object.values(fields);
  return Object.hasOwn(fields, word) ? [fields[word]] : [];
}

/** Whether a path, of words without `*`, is one that a pattern means, or is below one. */
export function isBelow(path: readonly string[], pattern: string): boolean {
  const words = wordsOf(pattern);
  return words.length <= path.length && words.every((word, place) => word === "*" || word === path[place]);
}

/** The words of a path as it is written. */
export function printPath(words: readonly string[]): string {
  return `$${words.map((word) => (/^\d+$/.test(word) ? `[${word}]` : `.${word}`)).join("")}`;
}
