import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { UserError } from "../lib/user-error.ts";
import type { BuildOutcome } from "../model/build-outcome.ts";
import type { PromotedDockerfile, PromotedImage, PromotedTag, Promotion } from "../model/promotion.ts";
import { readDockerfile } from "./build/build-files.ts";
import { parseEngineName, printEngineName, withSuffix } from "./build/engine-names.ts";
import { type ImageNames, openEngine } from "./build/open-engine.ts";
import { prepareFolder, readOutcome, type RecordFiles } from "./build/records.ts";
import { applyPromotion } from "./promote/apply-promotion.ts";
import { beginJournal, currentJournal, type Journal, moveJournal, ownerNow, requireAbandoned } from "./promote/journal.ts";
import { freeName, hashOf } from "./promote/kept-file.ts";
import { isCommitted } from "./promote/git.ts";
import { findRecord, type PromotionOptions } from "./promote/find-record.ts";
import { withPlaces } from "./promote/places.ts";
import { planTag, printTag } from "./promote/registry-tag.ts";

/** What a promotion or a rollback may be told. */
export interface PromoteOptions extends PromotionOptions {
  /** Whether the change goes into a git commit; the old Dockerfile is then kept among the records, and not beside the new one. */
  readonly commit: boolean;
  /** Whether the name of the image at the engine is moved too. */
  readonly moveTag: boolean;
  /** A tag of a registry that is moved too, `docker://HOST/NAME:TAG`; the image is pushed where it lacks it. */
  readonly registryTag?: string;
}

/**
 * Puts the Dockerfile that was verified in the place of the original, and moves the name of the image to the one that was verified. Only
 * what was verified: hashes and ids are compared with the record. Nothing is lost, and what a stop leaves half done is finished by the next
 * call, or undone by `rollback`. Throws UserError.
 */
export async function promote(options: PromoteOptions): Promise<Promotion> {
  const files = await findRecord(options);
  const journal = await currentJournal(files);
  if (journal?.promotion.state === "undoing") {
    throw new UserError("usage", "a rollback was begun and did not end", {
      hint: "run `deadweight rollback` first",
      exitCode: 2,
    });
  }
  if (journal?.promotion.state === "begun") return finish(journal, options);
  const outcome = await readOutcome(files);
  if (journal !== undefined && (await isDone(journal.promotion, outcome))) return sameTag(journal.promotion, options);
  const planned = await planPromotion(files, outcome, options);
  await prepareFolder(files.folder);
  const begun = await beginJournal(files, planned);
  await options.onStep?.("journal");
  return finish(begun, options);
}

async function finish(journal: Journal, options: PromoteOptions): Promise<Promotion> {
  requireAbandoned(journal);
  const taken = await moveJournal(journal, "begun");
  await withPlaces(journal.promotion, options, (places) => applyPromotion(taken.promotion, places, options));
  return (await moveJournal(taken, "done")).promotion;
}

/** Whether the last promotion is of this record, and still in place. */
async function isDone({ dockerfile }: Promotion, { original, candidate }: BuildOutcome): Promise<boolean> {
  const isSame = dockerfile.before === original.sha256 && dockerfile.after === candidate?.sha256;
  return isSame && (await hashOf(dockerfile.path)) === dockerfile.after;
}

/** Throws UserError, exit 2, when another tag is asked for than was promoted. */
function sameTag(promotion: Promotion, { registryTag }: PromoteOptions): Promotion {
  const { registry } = promotion;
  if (registryTag === undefined || registry?.reference === printTag(registryTag)) return promotion;
  throw new UserError("usage", `${registryTag}: the Dockerfile was promoted already, without this tag`, {
    hint: "run `deadweight rollback`, then `deadweight promote` with all that is to be moved",
    exitCode: 2,
  });
}

async function planPromotion(files: RecordFiles, outcome: BuildOutcome, options: PromoteOptions): Promise<Promotion> {
  const dockerfile = await planDockerfile(files, outcome, options);
  const image = await planImage(outcome, options);
  const registry = await planRegistry(outcome, options);
  return {
    schemaVersion: 1,
    state: "begun",
    owner: ownerNow(),
    dockerfile,
    ...(image === undefined ? {} : { image }),
    ...(registry === undefined ? {} : { registry }),
  };
}

/** Compares what is there with what was verified. Throws UserError `not-verified`. */
async function planDockerfile(files: RecordFiles, outcome: BuildOutcome, options: PromoteOptions): Promise<PromotedDockerfile> {
  const { original, candidate, verification } = outcome;
  if (!outcome.passed || candidate === undefined || verification?.passed !== true)
    throw notVerified(`${original.path}: its last build gave no candidate that was verified`);
  if (verification.after.reference !== `${outcome.engine}:${candidate.image.imageId}`)
    throw notVerified(`${candidate.path}: the image that was verified is not the one that it gave`);
  const [current, verified] = [await readDockerfile(original.path), await readDockerfile(candidate.path)];
  if (current.sha256 !== original.sha256) throw notVerified(`${original.path}: was changed since the verification`);
  if (verified.sha256 !== candidate.sha256) throw notVerified(`${candidate.path}: was changed since the verification`);
  if (options.commit && (await isCommitted(current.path, options.environment)) !== true) {
    const why = "is not in git as it is, so that a commit would not keep it";
    throw new UserError("usage", `${current.path}: ${why}`, { hint: "commit it first, or leave --commit out", exitCode: 2 });
  }
  const wanted = options.commit ? join(files.folder, `${basename(files.outcome, ".json")}.before`) : `${current.path}.old`;
  const { mode } = await stat(current.path);
  return {
    path: current.path,
    before: original.sha256,
    after: candidate.sha256,
    from: verified.path,
    old: await freeName(wanted),
    mode: mode % 0o10000,
    isCommitted: options.commit,
  };
}

async function planImage(outcome: BuildOutcome, options: PromoteOptions): Promise<PromotedImage | undefined> {
  const { tag, candidate, engine } = outcome;
  if (tag === undefined || candidate === undefined || !options.moveTag) return undefined;
  const { imageId } = candidate.image;
  const names = await openEngine(engine, options);
  try {
    await requireImage(names, imageId);
    const previousId = await names.idOf(tag);
    if (previousId === undefined) return { engine, name: tag, imageId };
    return { engine, name: tag, imageId, previousId, keptAs: await freeTag(names, tag) };
  } finally {
    await names.engine.close();
  }
}

async function planRegistry({ candidate, engine }: BuildOutcome, options: PromoteOptions): Promise<PromotedTag | undefined> {
  const { registryTag } = options;
  if (registryTag === undefined || candidate === undefined) return undefined;
  const { imageId } = candidate.image;
  return withPlaces({ image: { engine }, registry: { reference: registryTag } }, options, async ({ names, tags }) => {
    if (names === undefined || tags === undefined) return undefined;
    await requireImage(names, imageId);
    return planTag({ engine, imageId }, names, tags, options);
  });
}

async function requireImage(names: ImageNames, imageId: string): Promise<void> {
  if ((await names.idOf(imageId)) === undefined) throw notVerified(`${imageId}: the engine has the verified image no longer`);
}

/** A name that nothing has. */
async function freeTag(names: ImageNames, tag: string): Promise<string> {
  for (let number = 0; number < 1000; number++) {
    const suffix = number === 0 ? "before-deadweight" : `before-deadweight.${number}`;
    const name = printEngineName(withSuffix(parseEngineName(tag), suffix));
    if ((await names.idOf(name)) === undefined) return name;
  }
  throw new UserError("exists", `${tag}: a thousand images from before are kept`);
}

function notVerified(message: string): UserError {
  return new UserError("not-verified", message, { hint: "run `deadweight build` again", exitCode: 1 });
}
