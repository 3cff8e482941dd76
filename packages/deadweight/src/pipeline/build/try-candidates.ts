import { UserError } from "../../lib/user-error.ts";
import type { Build } from "../../model/build.ts";
import type { EditOutcome } from "../../model/build-outcome.ts";
import type { Verification } from "../../model/verification.ts";
import { verify, type VerifyOptions } from "../verify.ts";
import { readDockerfile, sha256Of } from "./build-files.ts";
import { buildSide, type BuildPlace } from "./build-side.ts";
import type { EditPlan, PlannedEdit, ProposeEdits } from "./edit-plan.ts";
import { type Attempt, bisectEdits } from "./bisect-edits.ts";

/** A Dockerfile that was tried, with its image. */
export interface MadeCandidate {
  /** Where it is; absent for one that was made of edits. */
  readonly path?: string;
  readonly text: string;
  readonly sha256: string;
  readonly image: Build;
  readonly predictedBytes?: number;
}

/** What came of trying. */
export interface Found {
  readonly made?: MadeCandidate;
  readonly edits: readonly EditOutcome[];
  readonly attempts: number;
  readonly verification?: Verification;
  readonly failure?: string;
}

/** How candidates are verified. */
export type Verifying = Omit<VerifyOptions, "changes" | "isRebuilt" | "removed" | "replaced" | "goneSettings" | "rewritten">;

interface Tried {
  readonly text: string;
  readonly image: Build;
  readonly verification: Verification;
}

/** Builds a Dockerfile that somebody wrote, and verifies its image; that it can't be built is its own fault. Throws UserError. */
export async function tryCandidate(file: string, original: Build, place: BuildPlace, options: Verifying): Promise<Found> {
  const { path, text, sha256 } = await readDockerfile(file);
  place.onProgress({ kind: "note", text: `building ${path}` });
  const image = await builtOrWhy(text, path, place);
  if (typeof image === "string")
    return { edits: [], attempts: 1, failure: `the original builds, and the candidate does not: ${image}` };
  const verification = await verifyPair(original, image, {}, place, options);
  const made = { path, text, sha256, image };
  const { passed } = verification;
  return { made, edits: [], attempts: 1, verification, ...(passed ? {} : { failure: whyFailed(verification) }) };
}

/** Makes the proposed edits as far as they build and their image is verified. Throws UserError. */
export async function tryEdits(
  propose: ProposeEdits,
  original: Build,
  place: BuildPlace,
  options: Verifying & { readonly mostBuilds: number },
): Promise<Found> {
  const { context, dockerfile } = place.files;
  const { target, args } = place.settings;
  place.onProgress({ kind: "note", text: "looking for what can be smaller" });
  const image = `${place.names.program}:${original.imageId}`;
  const plan = await propose({ path: dockerfile.path, image, context, args, ...(target === undefined ? {} : { target }) });
  const attempt = (edits: readonly PlannedEdit[]): Promise<Attempt<Tried>> => tryPlan(plan, edits, original, place, options);
  const { kept, dropped, result, attempts } = await bisectEdits(plan.edits, attempt, options.mostBuilds);
  const reasons = new Map(dropped.map(({ edit, reason }) => [edit, reason]));
  const edits = plan.edits.map((edit) => outcomeOf(edit, reasons.get(edit)));
  if (result === undefined) return { edits, attempts };
  const { verification, ...made } = result;
  return {
    made: { ...made, sha256: sha256Of(made.text), predictedBytes: plan.bytesOf(kept) },
    edits,
    attempts,
    verification,
  };
}

async function tryPlan(
  plan: EditPlan,
  edits: readonly PlannedEdit[],
  original: Build,
  place: BuildPlace,
  options: Verifying,
): Promise<Attempt<Tried>> {
  const text = plan.textWith(edits);
  place.onProgress({ kind: "note", text: `building with ${edits.length === 1 ? "1 edit" : `${edits.length} edits`}` });
  const image = await builtOrWhy(text, "the edited Dockerfile", place);
  if (typeof image === "string") return { failure: `it can't be built: ${image}` };
  const differences = edits.flatMap((edit) => edit.differences);
  const verification = await verifyPair(
    original,
    image,
    {
      removed: plan.removedBy(edits),
      goneSettings: differences.flatMap(({ settings = [] }) => settings),
      rewritten: differences.flatMap(({ rewritten = [] }) => rewritten),
    },
    place,
    { ...options, expect: [...options.expect, ...differences.flatMap(({ free = [] }) => free)] },
  );
  return verification.passed ? { result: { text, image, verification } } : { failure: whyFailed(verification) };
}

/** The image, or why there is none. Throws what is no fault of the Dockerfile. */
async function builtOrWhy(text: string, shown: string, place: BuildPlace): Promise<Build | string> {
  try {
    const image = await buildSide(text, shown, place);
    place.made.add(image.imageId);
    return image;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "build-failed") throw error;
    return [error.message, ...error.details.slice(-3)].join("; ");
  }
}

async function verifyPair(
  original: Build,
  candidate: Build,
  going: Pick<VerifyOptions, "removed" | "goneSettings" | "rewritten">,
  { names, files }: BuildPlace,
  options: Verifying,
): Promise<Verification> {
  const image = ({ imageId }: Build): string => `${names.program}:${imageId}`;
  // COPY of the whole context takes the Dockerfile along.
  const replaced = new Set([files.dockerfile.sha256]);
  return verify(image(original), image(candidate), { ...options, ...going, isRebuilt: true, replaced });
}

/** The checks that tell a difference, each with the first of it. */
function whyFailed({ verdicts, missing }: Verification): string {
  const different = verdicts
    .filter(({ verdict }) => verdict === "different")
    .map(({ check, subject, reason, details }) => {
      const what = [check, subject].filter((part) => part !== undefined).join(" ");
      return `${what}: ${[reason, details?.[0]].filter((part) => part !== undefined).join(": ")}`;
    });
  const all = [...different, ...missing.map((line) => `not run: ${line}`)];
  return all.length === 0 ? "nothing could be compared" : all.slice(0, 3).join("; ");
}

function outcomeOf({ edit, line, message, predictedBytes, basis }: PlannedEdit, reason: string | undefined): EditOutcome {
  const about = { edit, line, message, predictedBytes, basis };
  return reason === undefined ? { ...about, status: "kept" } : { ...about, status: "dropped", reason };
}
