import { createHash } from "node:crypto";
import { countOf } from "../../lib/count-of.ts";
import type { AnswerComparison } from "../../model/config.ts";
import type { Answer } from "../../model/observation.ts";
import { compareJson, isNear } from "./compare-json.ts";
import { compareWav } from "./compare-wav.ts";

type Kind = Exclude<AnswerComparison["as"], "auto">;

const shownLength = 80;

/** What an answer is compared as: what was asked for, else by the content type, else by whether it is text. */
export function kindOf({ as }: AnswerComparison, { headers, body }: Answer): Kind {
  if (as !== "auto") return as;
  const type = headers["content-type"]?.toLowerCase() ?? "";
  if (/^application\/(?:[\w.-]+\+)?json/.test(type)) return "json";
  if (/^audio\/(?:x-|vnd\.)?wave?\b/.test(type)) return "wav";
  if (type.startsWith("text/")) return "text";
  return type === "" && isText(body) ? "text" : "bytes";
}

/** The differences of two bodies, in words. */
export function compareBodies(compare: AnswerComparison, old: Answer, now: Answer): readonly string[] {
  if (old.isCut || now.isCut) return ["the body is too long to be compared"];
  if (compare.pattern !== undefined) {
    const isThere = new RegExp(compare.pattern, "u").test(textOf(now.body));
    return isThere ? [] : [`the body has no ${compare.pattern}: ${shown(textOf(now.body))}`];
  }
  const kind = kindOf(compare, old);
  if (kind === "nothing" || Buffer.compare(old.body, now.body) === 0) return [];
  if (kind === "json") return jsonDifferences(compare, old, now);
  if (kind === "wav") return compareWav(old.body, now.body, compare.tolerance);
  if (kind === "bytes") return [`body: was ${hashOf(old.body)}, is ${hashOf(now.body)}`];
  if (kind === "number") return numberDiffers(textOf(old.body), textOf(now.body), compare.tolerance);
  return textDiffers(textOf(old.body), textOf(now.body), compare.tolerance);
}

function jsonDifferences(compare: AnswerComparison, old: Answer, now: Answer): readonly string[] {
  const differences = compareJson(old.body, now.body, compare);
  if (differences === undefined) return textDiffers(textOf(old.body), textOf(now.body), 0);
  return differences.map(({ path, was, is }) => `${path}: was ${was}, is ${is}`);
}

/** The first number of each. */
function numberDiffers(old: string, now: string, tolerance: number): readonly string[] {
  const [was, is] = [old, now].map((text) => /[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/.exec(text)?.[0]);
  const isSame = was !== undefined && is !== undefined && isNear(Number(was), Number(is), tolerance);
  return isSame ? [] : [`number: was ${was ?? "none"}, is ${is ?? "none"}`];
}

/** With a tolerance, numbers in the text may differ by it. */
function textDiffers(old: string, now: string, tolerance: number): readonly string[] {
  const [was, is] = [old, now].map((text) => text.split(/([-+]?\d+(?:\.\d+)?)/));
  const isSame = (word: string, place: number): boolean =>
    word === is?.[place] || (tolerance > 0 && place % 2 === 1 && isNear(Number(word), Number(is?.[place]), tolerance));
  if (was?.length === is?.length && was?.every(isSame) === true) return [];
  const [oldLines, nowLines] = [old.split("\n"), now.split("\n")];
  const line = oldLines.findIndex((text, place) => text !== nowLines[place]);
  const at = line < 0 ? oldLines.length : line;
  return [`line ${at + 1}: was ${shown(oldLines[at] ?? "not there")}, is ${shown(nowLines[at] ?? "not there")}`];
}

function isText(body: Uint8Array): boolean {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(body).includes("\0");
  } catch {
    return false;
  }
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body).toString();
}

function hashOf(body: Uint8Array): string {
  return `${countOf(body.length, "byte")} of sha256:${createHash("sha256").update(body).digest("hex").slice(0, 12)}`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
}
