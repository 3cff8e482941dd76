import { assignmentsOf, type Assignment } from "../../dockerfile/assignments.ts";
import { globalVariables } from "../../dockerfile/expand-variables.ts";
import type { Dockerfile, Replacement, Stage } from "../../model/dockerfile.ts";

/** Where a base image is changed, or why it can't be; `argument` when it is the default of an ARG. */
export type BaseChange = { readonly replacement: Replacement; readonly argument?: string } | { readonly refused: string };

interface Segment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The variable that gives the text. */
  readonly variable?: string;
}

/** The reference of a stage's FROM with its variables replaced; undefined where one has no value. */
export function baseReference(dockerfile: Dockerfile, stage: Stage): string | undefined {
  return segmentsOf(dockerfile, stage)
    ?.map(({ text }) => text)
    .join("");
}

/** Changes what FROM names: in its own text, else in the default of the ARG that gives that part. */
export function replaceBase(dockerfile: Dockerfile, stage: Stage, reference: string): BaseChange {
  const segments = segmentsOf(dockerfile, stage);
  if (segments === undefined) return { refused: `${stage.base.text} can't be told without its build arguments` };
  const old = segments.map(({ text }) => text).join("");
  const { from, to, text } = difference(old, reference);
  let at = 0;
  for (const segment of segments) {
    const [first, last] = [at, at + segment.text.length];
    at = last;
    if (from < first || to > last || (from === last && segment !== segments.at(-1))) continue;
    if (segment.variable === undefined)
      return { replacement: { start: segment.start + from - first, end: segment.start + to - first, text } };
    const isAppended = from === last && segments.length > 1;
    if (isAppended) return { replacement: { start: segment.end, end: segment.end, text } };
    return changedDefault(dockerfile, stage, segment.variable, { from: from - first, to: to - first, text });
  }
  return { refused: `${stage.base.text} spreads the flavour over several variables` };
}

interface Difference {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function difference(old: string, now: string): Difference {
  let from = 0;
  while (from < Math.min(old.length, now.length) && old[from] === now[from]) from++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - from && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  return { from, to: old.length - tail, text: now.slice(from, now.length - tail) };
}

function segmentsOf(dockerfile: Dockerfile, { base }: Stage): readonly Segment[] | undefined {
  const globals = globalVariables(dockerfile, new Map());
  const segments: Segment[] = [];
  let at = base.start;
  const source = dockerfile.text.slice(base.start, base.end);
  for (const match of source.matchAll(/\$(?:(\w+)|\{(\w+)(?::?-[^}]*)?\})/g)) {
    const start = base.start + match.index;
    const variable = match[1] ?? match[2] ?? "";
    const text = globals.get(variable);
    if (text === undefined || match[0].includes("-")) return undefined;
    if (start > at) segments.push({ start: at, end: start, text: dockerfile.text.slice(at, start) });
    at = start + match[0].length;
    segments.push({ start, end: at, text, variable });
  }
  if (at < base.end) segments.push({ start: at, end: base.end, text: dockerfile.text.slice(at, base.end) });
  return segments.some(({ text, variable }) => variable === undefined && /["'\\$]/.test(text)) ? undefined : segments;
}

function changedDefault(dockerfile: Dockerfile, stage: Stage, variable: string, { from, to, text }: Difference): BaseChange {
  const before = dockerfile.instructions.filter(
    ({ start, keyword }) => start < (dockerfile.stages[0]?.from.start ?? 0) && keyword === "ARG",
  );
  const found = before.flatMap((one) => assignmentsOf(dockerfile, one)).filter(({ name }) => name === variable);
  const [only] = found;
  const start = only === undefined || found.length > 1 ? undefined : valueStart(dockerfile, only);
  if (start === undefined) return { refused: `the default of ${variable} is no plain text` };
  const pattern = new RegExp(`\\$\\{?${variable}\\b|^\\s*ARG\\s+${variable}\\b`, "im");
  const others = dockerfile.text.slice(0, stage.base.start) + dockerfile.text.slice(stage.base.end);
  const rest = others.replace(dockerfile.text.slice(only?.start, only?.end), "");
  if (pattern.test(rest)) return { refused: `${variable} is used elsewhere too` };
  return { replacement: { start: start + from, end: start + to, text }, argument: variable };
}

function valueStart({ text }: Dockerfile, { start, end, value = "" }: Assignment): number | undefined {
  const at = end - value.length;
  const isPlain = /^["']?[\w.:/-]+["']?$/.test(value) && text.slice(at, end) === value && at > start;
  return isPlain ? at + (/^["']/.test(value) ? 1 : 0) : undefined;
}
