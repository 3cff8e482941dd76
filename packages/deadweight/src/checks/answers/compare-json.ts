import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import type { AnswerComparison } from "../../model/config.ts";
import { isBelow, printPath } from "../../model/json-paths.ts";

/** A value that differs. */
export interface JsonDifference {
  /** `$.items[0].id`. */
  readonly path: string;
  readonly was: string;
  readonly is: string;
}

const mostDifferences = 100;

/** The values that differ in two JSON texts, but for paths that may; undefined when one is no JSON. */
export function compareJson(
  before: Uint8Array,
  after: Uint8Array,
  { ignore, tolerance }: Pick<AnswerComparison, "ignore" | "tolerance">,
): readonly JsonDifference[] | undefined {
  const found: JsonDifference[] = [];
  const compare = (old: unknown, now: unknown, path: readonly string[]): void => {
    if (found.length >= mostDifferences || Object.is(old, now) || ignore.some((pattern) => isBelow(path, pattern))) return;
    if (typeof old === "number" && typeof now === "number" && isNear(old, now, tolerance)) return;
    const [fields, others] = [fieldsOf(old), fieldsOf(now)];
    if (fields === undefined || others === undefined || Array.isArray(old) !== Array.isArray(now)) {
      found.push({ path: printPath(path), was: shown(old), is: shown(now) });
      return;
    }
    for (const name of new Set([...fields.keys(), ...others.keys()]))
      compare(fields.get(name), others.get(name), [...path, name]);
  };
  try {
    compare(parseJson(before, "answer"), parseJson(after, "answer"), []);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
  return found;
}

/** Whether two numbers differ by no more than a part of the first. */
export function isNear(old: number, now: number, tolerance: number): boolean {
  return Math.abs(now - old) <= Math.abs(old) * tolerance;
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(value)) return new Map(value.map((item, place) => [String(place), item]));
  const record = asRecord(value);
  return record === undefined ? undefined : new Map(Object.entries(record));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "not there";
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
