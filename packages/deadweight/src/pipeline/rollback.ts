import { readFile, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { syncFolder, writeDurably } from "../lib/durable-file.ts";
import { UserError } from "../lib/user-error.ts";
import type { PromotedDockerfile, Promotion } from "../model/promotion.ts";
import { parseEngineName, withSuffix } from "./build/engine-names.ts";
import type { ImageNames } from "./build/open-engine.ts";
import { recordFiles, type RecordFiles } from "./build/records.ts";
import { findRecord, type PromotionOptions } from "./promote/find-record.ts";
import { commitFile, isCommitted } from "./promote/git.ts";
import { currentJournal, endJournal, moveJournal, requireAbandoned } from "./promote/journal.ts";
import { freeName, hashOf, keepAs } from "./promote/kept-file.ts";
import { withPlaces } from "./promote/places.ts";
import { checkTag, undoTag } from "./promote/registry-tag.ts";

/**
 * Undoes the last promotion, finished or not: the old Dockerfile and what the image's name meant are as they were. A Dockerfile or a name
 * that was changed since is left alone, and nothing is undone. Throws UserError.
 */
export async function rollback(options: PromotionOptions): Promise<Promotion> {
  const files = await findRecord(options);
  const journal = await currentJournal(files);
  if (journal === undefined) throw new UserError("not-found", `${files.promotion}: nothing was promoted`, { exitCode: 2 });
  requireAbandoned(journal);
  return withPlaces(journal.promotion, options, async ({ names, tags }) => {
    const { promotion } = journal;
    await checkUndoable(promotion, names);
    if (tags !== undefined) await checkTag(promotion, tags);
    const taken = await moveJournal(journal, "undoing");
    await options.onStep?.("journal");
    await undoImage(promotion, names);
    await options.onStep?.("image named");
    const left = promotion.registry === undefined || tags === undefined ? undefined : await undoTag(promotion.registry, tags);
    await options.onStep?.("tag moved");
    await undoDockerfile(files, promotion.dockerfile);
    await options.onStep?.("Dockerfile put back");
    await undoCommit(promotion.dockerfile, options);
    await options.onStep?.("committed");
    await forgetKept(promotion, names);
    await options.onStep?.("kept ones gone");
    await endJournal(taken);
    return left === undefined ? promotion : { ...promotion, left: [left] };
  });
}

/** Looks at everything before anything is changed. */
async function checkUndoable({ dockerfile, image }: Promotion, names: ImageNames | undefined): Promise<void> {
  const { path, before, after, old } = dockerfile;
  const current = await hashOf(path);
  if (current !== before && current !== after) throw changed(`${path}: was changed since the promotion`);
  if (current === after && (await hashOf(old)) !== before) throw changed(`${old}: is not the old Dockerfile any more`);
  if (image === undefined || names === undefined) return;
  const id = await names.idOf(image.name);
  if (id !== image.imageId && id !== image.previousId) throw changed(`${image.name}: means another image since the promotion`);
  const { previousId } = image;
  if (previousId !== undefined && (await names.idOf(previousId)) === undefined)
    throw changed(`${previousId}: the engine has the old image no longer`);
}

async function undoImage({ image }: Promotion, names: ImageNames | undefined): Promise<void> {
  if (image === undefined || names === undefined) return;
  if ((await names.idOf(image.name)) !== image.imageId || image.imageId === image.previousId) return;
  const name = parseEngineName(image.name);
  if (image.previousId !== undefined) return names.tag(image.previousId, name);
  // An image goes with its last name.
  await names.tag(image.imageId, withSuffix(name, "candidate"));
  await names.untag(image.name);
}

/** The text that was promoted stays where it came from, or among the records. */
async function undoDockerfile(files: RecordFiles, { path, after, from, old, mode }: PromotedDockerfile): Promise<void> {
  if ((await hashOf(path)) !== after) return;
  if ((await hashOf(from)) !== after) {
    const { dockerfile } = recordFiles(files.folder, basename(files.outcome, ".json"));
    await keepAs(path, await freeName(dockerfile), after);
  }
  await rename(old, path).catch(async (error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    await writeDurably(path, await readFile(old), mode);
  });
  await syncFolder(dirname(path));
}

async function undoCommit({ path, isCommitted: wasAsked }: PromotedDockerfile, { environment }: PromotionOptions): Promise<void> {
  if (!wasAsked || (await isCommitted(path, environment)) !== false) return;
  await commitFile(path, `${basename(path)}: back to what it was before deadweight`, environment);
}

/** What was kept is in its own place again. */
async function forgetKept({ dockerfile, image }: Promotion, names: ImageNames | undefined): Promise<void> {
  const { path, old, before } = dockerfile;
  if ((await hashOf(path)) === before && (await hashOf(old)) === before) {
    await rm(old);
    await syncFolder(dirname(old));
  }
  if (image?.keptAs === undefined || names === undefined) return;
  if ((await names.idOf(image.keptAs)) === image.previousId) await names.untag(image.keptAs);
}

function changed(message: string): UserError {
  return new UserError("changed", message, { hint: "nothing was undone: put it right by hand", exitCode: 1 });
}
