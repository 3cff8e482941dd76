import { skipSpace } from "./white-space.ts";

/** A word of an exec form by its place in the joined text, quotes included. */
export interface JoinedExecWord {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/**
 * The words of a JSON array; undefined for what is none, which makes a shell form; `not-strings` for an array that holds other things,
 * which BuildKit refuses.
 */
export function parseExecForm(text: string, from: number, to: number): readonly JoinedExecWord[] | "not-strings" | undefined {
  const start = skipSpace(text, from, to);
  if (text[start] !== "[") return undefined;
  const source = text.slice(start, to);
  const values = parsedArray(source);
  if (values === undefined) return undefined;
  if (!values.every((value) => typeof value === "string")) return "not-strings";
  const places = [...source.matchAll(/"(?:[^"\\]|\\.)*"/g)];
  return values.map((value, index) => {
    const place = places[index];
    const at = start + (place?.index ?? 0);
    // Half of a surrogate pair becomes the replacement character.
    return { start: at, end: at + (place?.[0].length ?? 0), value: value.toWellFormed() };
  });
}

function parsedArray(source: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
