import { expandVariables, variablesAt, type BuildValues } from "../../dockerfile/expand-variables.ts";
import { joinedText } from "../../dockerfile/joined-text.ts";
import type { Facts } from "../../contracts/fact.ts";
import { instructionOf } from "../../facts/layer-origins/instruction.ts";
import type { Dockerfile, Instruction, Stage } from "../../model/dockerfile.ts";
import type { ImageConfig } from "../../model/image.ts";

/** A row of the history that made a layer, or none. */
interface Row {
  readonly keyword: string;
  /** The instruction as the builder noted it, white space made even. */
  readonly text: string;
  readonly layer: number | undefined;
}

// A table of this many cells takes some ten milliseconds.
const mostCells = 4_000_000;

/**
 * The layers that each instruction of the shipped stages made, by the instruction's start. The rows of the image's history are read beside
 * the instructions, in their order, from the end: what the base image's history holds comes before them. A row and an instruction belong
 * together when they say the same; others have no layer, rather than a wrong one.
 */
export function instructionLayers(
  facts: Facts,
  dockerfile: Dockerfile,
  shipped: readonly Stage[],
  values: BuildValues,
): ReadonlyMap<number, readonly number[]> {
  const rows = rowsOf(facts.image.config, facts.image.layers.length);
  const written = shipped
    .flatMap(({ instructions }) => instructions)
    .map((instruction) => ({
      instruction,
      texts: textsOf(dockerfile, instruction, values),
    }));
  const found = new Map<number, readonly number[]>();
  if (rows.length * written.length > mostCells) return found;
  for (const [row, at] of matches(
    rows,
    written,
    (one, other) => one.keyword === other.instruction.keyword && saysSame(one, other.texts),
  )) {
    const start = written[at]?.instruction.start;
    const layer = rows[row]?.layer;
    if (start !== undefined && layer !== undefined) found.set(start, [layer]);
  }
  return found;
}

/** Rows with the layers that they made; none has one where their number is not that of the layers. */
function rowsOf({ history }: ImageConfig, layers: number): readonly Row[] {
  const isWhole = history.filter(({ emptyLayer }) => !emptyLayer).length === layers;
  let next = 0;
  return history.map((row) => {
    const { keyword, instruction } = instructionOf(row);
    const layer = row.emptyLayer || !isWhole ? undefined : next++;
    return { keyword, text: even(instruction), layer };
  });
}

/** White space made even: builders join lines, and end heredocs, in ways of their own. */
function even(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** What builders may note of an instruction. */
function textsOf(dockerfile: Dockerfile, instruction: Instruction, values: BuildValues): ReadonlySet<string> {
  const { text, escape } = dockerfile;
  const plain = joinedText(text, escape, instruction.rest).text;
  const rest = instruction.exec ? instruction.exec.map(({ value }) => value).join(" ") : plain;
  if (instruction.keyword === "RUN") {
    // An exec form may call a shell, which is taken off the row as well.
    const noted = instruction.exec ? [instructionOf({ createdBy: `RUN ${rest}`, emptyLayer: false }).instruction] : [];
    const texts = [rest, ...heredocTexts(dockerfile, instruction, rest)].map((one) => `RUN ${one}`);
    return new Set([...texts, ...noted].map(even));
  }
  if (!isAddressed(instruction.keyword)) return new Set([even(`${instruction.keyword} ${rest}`)]);
  const words = instruction.exec?.map(({ value }) => value) ?? rest.split(/[\t\v\f\r ]+/);
  const variables = variablesAt(dockerfile, instruction, values);
  return new Set([even(words.map((word) => expandVariables(dockerfile, word, variables) ?? word).join(" "))]);
}

function isAddressed(keyword: string): boolean {
  return keyword === "COPY" || keyword === "ADD" || keyword === "WORKDIR";
}

/** `RUN <<EOF` becomes its body; a heredoc of a command stays below it; a script with `#!` is run as a file of its delimiter's name. */
function heredocTexts({ text }: Dockerfile, { heredocs }: Instruction, rest: string): readonly string[] {
  if (heredocs.length === 0) return [];
  const bodies = heredocs.map(({ body, stripsTabs }) => {
    const raw = text.slice(body.start, body.end);
    return stripsTabs ? raw.replace(/^\t+/gm, "") : raw;
  });
  const whole = heredocs.map(({ body, end, start }) => text.slice(body.start || start, end)).join("\n");
  return [`${rest}\n${whole}`, bodies[0] ?? "", `/dev/pipes/${heredocs[0]?.delimiter ?? ""}`];
}

function saysSame(row: Row, texts: ReadonlySet<string>): boolean {
  if (!isAddressed(row.keyword)) return texts.has(row.text);
  const noted = row.text.slice(row.keyword.length).trim();
  return [...texts].some((text) => (row.keyword === "WORKDIR" ? endsWithPath(noted, text) : copiesSame(noted, text)));
}

/** `COPY a b /app # buildkit` has the sources; of the first builder's `COPY dir:ab12cd /app` only the destination can be compared. */
function copiesSame(noted: string, text: string): boolean {
  const words = noted.replace(/^(?:--\S+ )+/, "").split(" ");
  const written = text.split(" ");
  if (!endsWithPath(words.at(-1) ?? "", written.at(-1) ?? "")) return false;
  const [source = ""] = words;
  const isHashed = /^(?:dir|file|multi):[0-9a-f]{12}$/.test(source) && words.length === 2;
  return isHashed || words.slice(0, -1).join(" ") === written.slice(0, -1).join(" ");
}

/** Whether a path is what a relative one became in some working folder. */
function endsWithPath(absolute: string, path: string): boolean {
  const normal = (one: string): string =>
    one
      .replace(/(?<=.)\/+$/, "")
      .replace(/\/(?:\.\/)+/g, "/")
      .replace(/^(?:\.\/)+/, "");
  const [whole, part] = [normal(absolute), normal(path)];
  if (whole === part || path.startsWith("/")) return whole === part;
  return part === "." || part === "" || whole.endsWith(`/${part}`);
}

/** Pairs of places whose items belong together, the most that keep both orders; of equal ones those nearest to the end. */
function matches<A, B>(
  rows: readonly A[],
  others: readonly B[],
  isSame: (one: A, other: B) => boolean,
): readonly (readonly [number, number])[] {
  const width = others.length + 1;
  const same = new Uint8Array(rows.length * width);
  const most = new Int32Array((rows.length + 1) * width);
  for (const [row, one] of rows.entries()) {
    for (const [at, other] of others.entries()) {
      const isMatch = isSame(one, other);
      same[row * width + at] = isMatch ? 1 : 0;
      const longest = Math.max(most[row * width + at + 1] ?? 0, most[(row + 1) * width + at] ?? 0);
      most[(row + 1) * width + at + 1] = isMatch ? Math.max(longest, (most[row * width + at] ?? 0) + 1) : longest;
    }
  }
  const pairs: [number, number][] = [];
  for (let row = rows.length, at = others.length; row > 0 && at > 0;) {
    const isMatch = same[(row - 1) * width + at - 1] === 1;
    const here = most[row * width + at] ?? 0;
    if (isMatch && here === (most[(row - 1) * width + at - 1] ?? 0) + 1) {
      pairs.push([row - 1, at - 1]);
      row -= 1;
      at -= 1;
    } else if (here === (most[row * width + at - 1] ?? 0)) at -= 1;
    else row -= 1;
  }
  return pairs;
}
