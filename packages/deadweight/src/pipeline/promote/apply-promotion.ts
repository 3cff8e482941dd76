import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { writeDurably } from "../../lib/durable-file.ts";
import { UserError } from "../../lib/user-error.ts";
import type { PromotedDockerfile, Promotion } from "../../model/promotion.ts";
import { sha256Of } from "../build/build-files.ts";
import { parseEngineName } from "../build/engine-names.ts";
import type { PromotionOptions } from "./find-record.ts";
import { commitFile, isCommitted } from "./git.ts";
import { hashOf, keepAs } from "./kept-file.ts";
import type { Places } from "./places.ts";
import { keepTag, moveTag } from "./registry-tag.ts";

/** Does all steps of a promotion that are not done yet; each leaves what was there under another name. Throws UserError. */
export async function applyPromotion(
  { dockerfile, image, registry }: Promotion,
  { names, tags }: Places,
  options: PromotionOptions,
): Promise<void> {
  const { environment, onStep } = options;
  if (registry !== undefined && tags !== undefined) {
    await keepTag(registry, tags);
    await onStep?.("old tag kept");
  }
  if (image?.previousId !== undefined && image.keptAs !== undefined) {
    await names?.tag(image.previousId, parseEngineName(image.keptAs));
    await onStep?.("old image named");
  }
  if ((await hashOf(dockerfile.path)) === dockerfile.before) {
    await keepAs(dockerfile.path, dockerfile.old, dockerfile.before);
    await onStep?.("old Dockerfile kept");
  }
  await replaceDockerfile(dockerfile);
  await onStep?.("Dockerfile replaced");
  if (dockerfile.isCommitted && (await isCommitted(dockerfile.path, environment)) === false) {
    await commitFile(dockerfile.path, `${basename(dockerfile.path)}: smaller, verified by deadweight`, environment);
    await onStep?.("committed");
  }
  if (image !== undefined) {
    await names?.tag(image.imageId, parseEngineName(image.name));
    await onStep?.("image named");
  }
  if (registry !== undefined && tags !== undefined) {
    await moveTag(registry, tags, options);
    await onStep?.("tag moved");
  }
}

async function replaceDockerfile({ path, before, after, from, mode }: PromotedDockerfile): Promise<void> {
  const current = await hashOf(path);
  if (current === after) return;
  const text = await readFile(from);
  if (current !== before) throw changed(path);
  if (sha256Of(text) !== after) throw changed(from);
  await writeDurably(path, text, mode);
}

function changed(path: string): UserError {
  return new UserError("not-verified", `${path}: was changed since the promotion was begun`, {
    hint: "put it back as it was, or run `deadweight rollback`",
    exitCode: 1,
  });
}
