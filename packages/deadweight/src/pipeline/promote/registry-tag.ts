import { parseManifest } from "../../image/manifest.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { printPlatform } from "../../model/platform.ts";
import type { PromotedTag, Promotion } from "../../model/promotion.ts";
import { parseReference } from "../../model/reference.ts";
import { parseReference as parseRegistryReference, printReference } from "../../stores/registry/parse-reference.ts";
import { type HeldManifest, openRegistryTags, type RegistryTags } from "../../stores/registry/registry-tags.ts";
import type { ImageNames } from "../build/open-engine.ts";
import type { PromotionOptions } from "./find-record.ts";
import { pushCandidate } from "./push-candidate.ts";

/** Connects to the repository of a tag, `docker://HOST/NAME:TAG`. Throws UserError. */
export async function openTags(reference: string, options: PromotionOptions): Promise<RegistryTags> {
  const { scheme, name } = parseReference(reference);
  if (scheme === "registry") return openRegistryTags(name, options);
  throw new UserError("bad-reference", `tag ${reference}: not of a registry`, {
    exitCode: 2,
    hint: "write docker://HOST/NAME:TAG; the name at the engine is what `deadweight build -t` was given",
  });
}

/** The tag in full, as a journal has it. Throws UserError. */
export function printTag(reference: string): string {
  return `docker://${printReference(parseRegistryReference(parseReference(reference).name))}`;
}

/** Looks at what the tag leads to, and pushes the image beside it where the registry lacks it: no tag leads there yet. Throws UserError. */
export async function planTag(
  { engine, imageId }: Pick<PromotedTag, "engine" | "imageId">,
  names: ImageNames,
  tags: RegistryTags,
  options: PromotionOptions,
): Promise<PromotedTag> {
  const previous = await tags.find(tags.tag);
  if (previous !== undefined) requireOnePlatform(tags, previous);
  const previousDigest = previous?.digest;
  const digest =
    (await heldAlready(imageId, names, tags)) ?? (await pushCandidate({ engine, imageId, tags, previousDigest }, options));
  const planned = { reference: `docker://${tags.printed}`, digest, engine, imageId };
  if (previousDigest === undefined) return planned;
  return { ...planned, previousDigest, keptAs: await freeTag(tags, previousDigest) };
}

/** What was built is for one platform: under the tag of an index others would be gone. */
function requireOnePlatform({ printed }: RegistryTags, { bytes, mediaType }: HeldManifest): void {
  const found = parseManifest(bytes, mediaType);
  if (found.kind === "manifest") return;
  const platforms = found.manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === "unknown" ? [] : [printPlatform(platform)],
  );
  if (platforms.length < 2) return;
  throw new UserError("unsupported", `${printed}: is for ${platforms.join(", ")}, and only one of them was verified`, {
    hint: "name a tag that is for one platform",
    exitCode: 1,
  });
}

/** The manifest that the engine has pulled or pushed for this image, when this repository has it. */
async function heldAlready(imageId: string, names: ImageNames, tags: RegistryTags): Promise<string | undefined> {
  for (const reference of await names.registryDigests(imageId)) {
    const [name = "", digest = ""] = reference.split("@");
    if (!tags.isRepository(name)) continue;
    const held = await tags.find(digest);
    if (held !== undefined && (digest === imageId || configOf(held) === imageId)) return digest;
  }
  return undefined;
}

function configOf({ bytes }: HeldManifest): unknown {
  return asRecord(asRecord(parseJson(bytes, "manifest"))?.["config"])?.["digest"];
}

/** A tag that nothing has, or that leads there already. */
async function freeTag(tags: RegistryTags, digest: string): Promise<string> {
  for (let number = 0; number < 1000; number++) {
    const suffix = number === 0 ? "-before-deadweight" : `-before-deadweight.${number}`;
    const tag = `${tags.tag.slice(0, 128 - suffix.length)}${suffix}`;
    const held = await tags.find(tag);
    if (held === undefined || held.digest === digest) return tag;
  }
  throw new UserError("exists", `${tags.printed}: a thousand images from before are kept`);
}

/** Gives what the tag leads to a second tag, so that the registry keeps it. Throws UserError `not-verified` when the tag was moved. */
export async function keepTag({ keptAs, digest, previousDigest }: PromotedTag, tags: RegistryTags): Promise<void> {
  const current = await tags.find(tags.tag);
  if (current?.digest === digest) return;
  if (current?.digest !== previousDigest) throw movedMeanwhile(tags, current);
  if (current !== undefined && keptAs !== undefined) await tags.put(keptAs, current);
}

/** Makes the tag lead to the verified image, which is pushed again when it has gone meanwhile. Throws UserError `not-verified`. */
export async function moveTag(promoted: PromotedTag, tags: RegistryTags, options: PromotionOptions): Promise<void> {
  const { digest, previousDigest } = promoted;
  const held = (await tags.find(digest)) ?? (await pushedAgain(promoted, tags, options));
  // The last look before it: registries have no way to compare and set.
  const current = await tags.find(tags.tag);
  if (current?.digest === digest) return;
  if (current?.digest !== previousDigest) throw movedMeanwhile(tags, current);
  await tags.put(tags.tag, held);
}

async function pushedAgain(
  { digest, previousDigest, engine, imageId }: PromotedTag,
  tags: RegistryTags,
  options: PromotionOptions,
): Promise<HeldManifest> {
  const pushed = await pushCandidate({ engine, imageId, tags, previousDigest }, options);
  const held = pushed === digest ? await tags.find(digest) : undefined;
  if (held !== undefined) return held;
  throw new UserError("not-verified", `${tags.printed}: the registry has ${digest} no longer, and it can't be made again`, {
    hint: "run `deadweight rollback`",
    exitCode: 1,
  });
}

/** Whether `undoTag` can put the tag back. Throws UserError `changed`. */
export async function checkTag({ registry, state }: Promotion, tags: RegistryTags): Promise<void> {
  if (registry === undefined) return;
  const current = await tags.find(tags.tag);
  const { digest, previousDigest } = registry;
  // A promotion that did not come to its end because of that could never be undone otherwise: it leaves the tag alone.
  if (state === "done" && current?.digest !== digest && current?.digest !== previousDigest)
    throw changed(`${tags.printed}: leads to another image since the promotion`);
  if (current?.digest === digest && previousDigest !== undefined && (await findPrevious(registry, tags)) === undefined)
    throw changed(`${tags.repository}: the registry has ${previousDigest} no longer`);
}

/** Makes the tag lead to what it did, or to nothing; one that was moved since stays. Gives what could not be done. */
export async function undoTag(registry: PromotedTag, tags: RegistryTags): Promise<string | undefined> {
  const current = await tags.find(tags.tag);
  const { digest, previousDigest } = registry;
  if (current?.digest === previousDigest) return undefined;
  if (current?.digest !== digest) return `${tags.printed}: leads to another image since, and is left alone`;
  const previous = await findPrevious(registry, tags);
  if (previous !== undefined) return tags.put(tags.tag, previous).then(() => undefined);
  const isGone = await tags.remove(tags.tag);
  return isGone ? undefined : `${tags.printed}: was not there before; the registry takes no tags away, so that it stays`;
}

/** A registry may have dropped the manifest that had no tag for a while; under its second tag it has it. */
async function findPrevious({ previousDigest, keptAs }: PromotedTag, tags: RegistryTags): Promise<HeldManifest | undefined> {
  if (previousDigest === undefined) return undefined;
  const held = (await tags.find(previousDigest)) ?? (keptAs === undefined ? undefined : await tags.find(keptAs));
  return held?.digest === previousDigest ? held : undefined;
}

function movedMeanwhile({ printed }: RegistryTags, current: HeldManifest | undefined): UserError {
  const now = current === undefined ? "is gone" : `leads to ${current.digest}`;
  return new UserError("not-verified", `${printed}: ${now} since the promotion was begun`, {
    hint: "run `deadweight rollback`, which leaves that tag alone, and promote again",
    exitCode: 1,
  });
}

function changed(message: string): UserError {
  return new UserError("changed", message, { hint: "nothing was undone: put it right by hand", exitCode: 1 });
}
