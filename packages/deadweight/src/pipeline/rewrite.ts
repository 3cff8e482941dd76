import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { BuildDifferences, Edit, Proposal } from "../contracts/edit.ts";
import type { Facts } from "../contracts/fact.ts";
import { decodeText, type DecodedText } from "../dockerfile/decode-text.ts";
import type { BuildValues } from "../dockerfile/expand-variables.ts";
import { parseDockerfile } from "../dockerfile/parse-dockerfile.ts";
import { replacementsOf, textOfPieces } from "../dockerfile/text-pieces.ts";
import { edits as allEdits } from "../edits/index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { fileError } from "../lib/file-error.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { UserError } from "../lib/user-error.ts";
import type { Dockerfile, Instruction } from "../model/dockerfile.ts";
import type { DockerfilePlace, DockerfileRewrite, RewriteChange } from "../model/dockerfile-rewrite.ts";
import type { Level } from "../model/optimization.ts";
import { diffPath, openContext } from "./rewrite/build-context.ts";
import { builtOf, createContexts, shippedOf, targetOf, type Built, type ContextParts } from "./rewrite/edit-contexts.ts";
import { refuseUnsupported } from "./rewrite/refuse.ts";
import { settleEdits, type Placed, type SettledEdits, type Settling } from "./rewrite/settle-edits.ts";
import { silenceFor, silencesOf, strayNotes, type Silence } from "./rewrite/silence.ts";
import { removedPaths, savingOf, totalsOf } from "./rewrite/summarize-savings.ts";
import { type ImageOptions, withFacts } from "./with-facts.ts";

export interface RewriteOptions extends ImageOptions {
  /** A reference to the image that the Dockerfile gave; without one what changes save is estimated. */
  readonly image?: string;
  /** The folder that the build sends; the Dockerfile's own when absent. */
  readonly context?: string;
  /** The stage that is shipped, by name or number; the last when absent. */
  readonly target?: string;
  readonly buildArgs?: ReadonlyMap<string, string>;
  /** Whether the image runs without a GPU. */
  readonly withoutGpu?: boolean;
  readonly level: Level;
  /** Names of edits that are made whatever their level, and no others; and of edits to leave out. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** A rewriting of which some changes can be made and others left, by their numbers. */
export interface WeighedRewrite {
  readonly rewrite: DockerfileRewrite;
  /** Paths of the image, as texts, that a container won't see any more when some are made. */
  readonly removedBy: (changes: readonly number[]) => readonly string[];
  /** In what else the next image may differ. */
  readonly differencesBy: (change: number) => BuildDifferences;
  /** What some of them save together: a byte of the image is counted once. */
  readonly bytesOf: (changes: readonly number[]) => number;
}

/**
 * A smaller Dockerfile: what edits propose, with what each saves in the built image, until nothing is left to propose. Reads files and
 * writes none. Throws UserError.
 */
export async function rewrite(
  file: string,
  options: RewriteOptions,
  edits: readonly Edit[] = allEdits,
): Promise<DockerfileRewrite> {
  return (await weighRewrite(file, options, edits)).rewrite;
}

/** The same, to be taken apart. Throws UserError. */
export async function weighRewrite(
  file: string,
  options: RewriteOptions,
  edits: readonly Edit[] = allEdits,
): Promise<WeighedRewrite> {
  const chosen = chooseEdits(edits, options);
  const decoded = readDockerfile(file);
  const values: BuildValues = { buildArgs: options.buildArgs ?? new Map() };
  const parse = (text: string): Dockerfile => parseDockerfile(text, { file, ...values });
  const dockerfile = parse(decoded.text);
  refuseUnsupported(file, dockerfile);
  if (dockerfile.instructions.length > mostInstructions)
    throw new UserError("unsupported-dockerfile", `${file}: left as it is: it has more than ${mostInstructions} instructions`);
  targetOf(dockerfile, options.target);
  const context = openContext(options.context ?? dirname(file), file);
  const work = { file, decoded, dockerfile, parse, values, context, options, chosen, edits };
  if (options.image === undefined) return rewritten(work, undefined);
  return withFacts(options.image, options, ({ facts }) => rewritten(work, facts));
}

// Images have some hundred layers at most; beyond these numbers edits would take minutes.
const mostInstructions = 2000;

/** All that a rewriting is made of. */
interface Work extends ContextParts {
  readonly file: string;
  readonly decoded: DecodedText;
  readonly parse: (text: string) => Dockerfile;
  readonly options: RewriteOptions;
  readonly chosen: readonly Edit[];
  readonly edits: readonly Edit[];
}

const levelSafeties: Readonly<Record<Level, readonly string[]>> = {
  lossless: ["lossless"],
  verified: ["lossless", "verified"],
};

function chooseEdits(edits: readonly Edit[], { only, skip, level }: RewriteOptions): readonly Edit[] {
  const names = edits.map(({ name }) => name);
  const wrong = [...(only ?? []), ...(skip ?? [])].find((name) => !names.includes(name));
  if (wrong !== undefined) {
    throw new UserError("unknown-edit", `edit ${JSON.stringify(wrong)}: there is none of that name`, {
      hint: didYouMean(wrong, names),
      exitCode: 2,
    });
  }
  return edits
    .filter(({ name, safety }) => only?.includes(name) ?? levelSafeties[level].includes(safety))
    .filter(({ name }) => skip?.includes(name) !== true)
    .sort((one, other) => one.order - other.order);
}

const mostBytes = 16 * 1024 * 1024;

function readDockerfile(file: string): DecodedText {
  try {
    const { size } = statSync(file);
    if (size > mostBytes) throw new UserError("bad-dockerfile", `${file}: ${size} bytes are more than a Dockerfile may have`);
    return decodeText(readFileSync(file));
  } catch (error) {
    throw fileError(error, `could not read ${file}`);
  }
}

function rewritten(work: Work, facts: Facts | undefined): WeighedRewrite {
  const { file, decoded, options, dockerfile } = work;
  const built = facts && builtOf(work, facts);
  const settled = settleEdits(decoded.text, {
    edits: work.chosen,
    parse: work.parse,
    contextOf: createContexts(work, built),
    isSilenced: createIsSilenced(),
  });
  const placeOf = createPlaces(dockerfile);
  const change = (placed: Placed<Proposal>): RewriteChange => ({
    rule: placed.edit.name,
    safety: placed.edit.safety,
    ...placeOf(placed),
    message: placed.what.message,
    reason: placed.what.reason,
    saving: savingOf(placed.what.saving, facts),
  });
  const rewrite: DockerfileRewrite = {
    schemaVersion: 1,
    tool: { name: "deadweight", version: toolVersion() },
    file: diffPath(file),
    ...(facts && {
      image: { reference: facts.image.reference, digest: facts.image.digest, platform: facts.image.config.platform },
    }),
    ...(built && { evidence: evidenceOf(work, built) }),
    level: options.level,
    ...totalsOf(
      settled.made.map(({ what }) => what.saving),
      facts,
    ),
    changes: settled.made.map(change),
    advice: settled.advice.map(change),
    notes: [
      ...settled.notes.map((placed) => ({ rule: placed.edit.name, ...placeOf(placed), message: placed.what.message })),
      ...strayNotes(
        silencesOf(dockerfile),
        work.edits.map(({ name }) => name),
      ),
    ],
    silenced: silencedOf(settled, work, placeOf),
    hunks: replacementsOf(settled.pieces, decoded.text.length),
    before: decoded.text,
    after: textOfPieces(settled.pieces),
    encoding: decoded.encoding,
  };
  const savings = settled.made.map(({ what }) => what.saving);
  return {
    rewrite,
    removedBy: (changes) =>
      removedPaths(
        changes.flatMap((change) => savings[change] ?? []),
        facts,
      ),
    differencesBy: (change) => settled.made[change]?.what.differences ?? {},
    bytesOf: (changes) => {
      const { measured, estimated } = totalsOf(
        changes.flatMap((change) => savings[change] ?? []),
        facts,
      );
      return measured.bytes + estimated.bytes;
    },
  };
}

/** The comments of a text are read once. */
function createIsSilenced(): Settling["isSilenced"] {
  const known = new WeakMap<Dockerfile, readonly Silence[]>();
  return (edit, dockerfile, instruction) => {
    const silences = known.get(dockerfile) ?? silencesOf(dockerfile);
    known.set(dockerfile, silences);
    return silenceFor(silences, edit.name, instruction) !== undefined;
  };
}

type PlaceOf = (placed: Placed<{ readonly instruction: Instruction }>) => DockerfilePlace;

/** Lines of the file as given; those of the text as edited for what edits put in. */
function createPlaces({ instructions }: Dockerfile): PlaceOf {
  return ({ origin, what }) => {
    const { line, endLine } =
      (origin === undefined ? undefined : instructions.findLast(({ start }) => start <= origin)) ?? what.instruction;
    return { line, endLine };
  };
}

function silencedOf({ silenced }: SettledEdits, { dockerfile }: Work, placeOf: PlaceOf): DockerfileRewrite["silenced"] {
  const silences = silencesOf(dockerfile);
  return silenced.map((placed) => {
    const original = dockerfile.instructions.findLast(({ start }) => start <= (placed.origin ?? 0)) ?? placed.what.instruction;
    const reason = silenceFor(silences, placed.edit.name, original)?.reason ?? "";
    return { rule: placed.edit.name, ...placeOf(placed), message: placed.what.message, reason };
  });
}

function evidenceOf(work: Work, { layers }: Built): NonNullable<DockerfileRewrite["evidence"]> {
  const making = shippedOf(work)
    .flatMap(({ instructions }) => instructions)
    .filter(({ keyword }) => keyword === "RUN" || keyword === "COPY" || keyword === "ADD");
  return { instructions: making.length, found: making.filter(({ start }) => layers.has(start)).length };
}
