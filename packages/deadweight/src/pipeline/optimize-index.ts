import { createHash } from "node:crypto";
import { defaultLimits } from "../archive/limits.ts";
import type { ManifestSource, Outgoing, OutgoingImage } from "../contracts/store.ts";
import { completeImage } from "../image/complete.ts";
import { type ImageIndex, type IndexedManifest, leavesOf, sourceOf } from "../image/image-index.ts";
import type { RewrittenImage } from "../image/rewrite/rewrite-image.ts";
import type { NewManifest } from "../image/rewrite/rewrite-index.ts";
import { UserError } from "../lib/user-error.ts";
import type { Digest } from "../model/digest.ts";
import type { Descriptor, Image } from "../model/image.ts";
import type { Change, Omission, Optimization, PlatformOutcome, Weight } from "../model/optimization.ts";
import { type Platform, printPlatform } from "../model/platform.ts";
import type { Report } from "../model/report.ts";
import { copiedManifest } from "./copied-manifest.ts";
import { rewrittenIndex } from "./rewritten-index.ts";
import { sharedLayers } from "./shared-layers.ts";
import { type FoundImage, type ImageOptions, readFacts, type ReadImage } from "./with-facts.ts";

/** What was planned for one image, and made of it. */
export interface MadeImage {
  readonly before: Weight;
  readonly predicted: Weight;
  readonly changes: readonly Change[];
  readonly notes: readonly string[];
  /** Whether it comes out, or would, other than it is. */
  readonly isChanged: boolean;
  /** Absent when nothing is to be written. */
  readonly rewritten?: RewrittenImage;
  readonly report: () => Report;
}

/** What was planned for all images of an index, and made of them. */
export interface MadeIndex {
  readonly optimization: Omit<Optimization, "level" | "result">;
  /** Absent when nothing is to be written. */
  readonly outgoing?: Outgoing;
  readonly isCopy: boolean;
  /** Layers that the source has. */
  readonly sourceLayers: ReadonlySet<Digest>;
}

export interface IndexOptions extends Pick<ImageOptions, "base" | "onProgress"> {
  readonly make: (read: ReadImage) => Promise<MadeImage>;
}

/** A source whose root is an index. */
export interface FoundIndex extends FoundImage {
  readonly source: ManifestSource;
}

/** One manifest of the index, and what the result has of it. */
type Member = { readonly descriptor: Descriptor; readonly name: string } & (
  | { readonly kind: "image"; readonly manifest: IndexedManifest; readonly image: Image; readonly platform: Platform }
  | { readonly kind: "copied"; readonly manifest: IndexedManifest; readonly outgoing: OutgoingImage; readonly note?: string }
  | { readonly kind: "omitted"; readonly reason: string }
);

/**
 * Plans and makes one image after the other, in the order of the index, and the index above them: all platforms, nested indexes,
 * attestations of images that stay as they are. What the result has not is listed. Throws UserError.
 */
export async function optimizeIndex(found: FoundIndex, index: ImageIndex, options: IndexOptions): Promise<MadeIndex> {
  const members = await Promise.all(leavesOf(index).map((leaf) => memberOf(found, leaf.descriptor, leaf.leadsTo)));
  const images = members.filter((member) => member.kind === "image");
  if (images.length === 0) throw noImage(found.source, members);
  const layers = sharedLayers(
    images.map(({ image }) => image),
    found.cache,
  );
  const made = new Map<Digest, MadeMember>();
  const described = preferred(images, found.open.platform);
  for (const member of images) {
    options.onProgress?.({ kind: "note", text: `${member.name}: image ${made.size + 1} of ${images.length}` });
    const readIndexes: FoundImage["readIndexes"] = (image, known = layers) => found.readIndexes(image, known);
    const source = sourceOf(found.source, { descriptor: member.descriptor, bytes: member.manifest.bytes });
    const open = { ...found.open, platform: member.platform };
    const result = await options.make(await readFacts({ ...found, source, open, readIndexes }, options));
    layers.release(member.image);
    const { report, ...kept } = result;
    made.set(member.descriptor.digest, { member, ...kept, ...(member === described ? { described: report() } : {}) });
  }
  return assembled(index, members, [...made.values()]);
}

type ImageMember = Extract<Member, { readonly kind: "image" }>;

interface MadeMember extends Omit<MadeImage, "report"> {
  readonly member: ImageMember;
  /** Of one of them. */
  readonly described?: Report;
}

async function memberOf(
  { source }: FoundIndex,
  descriptor: Descriptor,
  leadsTo: ReturnType<typeof leavesOf>[number]["leadsTo"],
): Promise<Member> {
  const name = nameOf(descriptor, leadsTo);
  const omitted = (reason: string): Member => ({ descriptor, name, kind: "omitted", reason: `${name}: ${reason}` });
  if (leadsTo.kind === "missing") return omitted(leadsTo.reason);
  if (leadsTo.kind === "index") throw new RangeError(`${descriptor.digest} is an index`);
  try {
    const image =
      leadsTo.role === "image"
        ? await completeImage(sourceOf(source, { descriptor, bytes: leadsTo.bytes }), anyPlatform, defaultLimits)
        : undefined;
    const platform = descriptor.platform ?? image?.config.platform;
    if (image?.config.platform.os === "linux" && platform?.os === "linux") {
      return {
        descriptor,
        name: nameOf({ ...descriptor, platform }, leadsTo),
        kind: "image",
        manifest: leadsTo,
        image,
        platform,
      };
    }
    const outgoing = await copiedManifest(source, descriptor, leadsTo, defaultLimits);
    const note = image === undefined ? {} : { note: `${name} is copied as it is: only Linux images are changed` };
    return { descriptor, name, kind: "copied", manifest: leadsTo, outgoing, ...note };
  } catch (error) {
    if (error instanceof UserError && ["not-found", "unsupported"].includes(error.code)) return omitted(error.message);
    throw error;
  }
}

/** The root of a member's source is its manifest, so that nothing is chosen. */
const anyPlatform: Platform = { os: "linux", architecture: "amd64" };

function nameOf({ platform }: Descriptor, leadsTo: { readonly kind: string; readonly role?: string }): string {
  if (leadsTo.role === "attestation" || platform?.os === "unknown") return "an attestation";
  if (leadsTo.role === "artifact") return "an artifact";
  return platform === undefined ? "an image of no named platform" : `the image for ${printPlatform(platform)}`;
}

function noImage({ reference }: ManifestSource, members: readonly Member[]): UserError {
  const reasons = members.flatMap((member) => (member.kind === "omitted" ? [member.reason] : []));
  const why = reasons.length === 0 ? "" : `: ${reasons.slice(0, 5).join("; ")}`;
  return new UserError("not-found", `${reference}: none of its images can be looked into${why}`);
}

/** The image of the platform that is asked for where nothing else is, else the first. */
function preferred(images: readonly ImageMember[], { os, architecture }: Platform): ImageMember | undefined {
  return images.find(({ platform }) => platform.os === os && platform.architecture === architecture) ?? images[0];
}

function assembled(index: ImageIndex, members: readonly Member[], made: readonly MadeMember[]): MadeIndex {
  const settled = settledAttestations(members, made);
  const omissions = settled.flatMap((member): Omission[] =>
    member.kind === "omitted" ? [{ digest: member.descriptor.digest, reason: member.reason }] : [],
  );
  const changes = new Map<Digest, NewManifest | undefined>(omissions.map(({ digest }) => [digest, undefined]));
  for (const { member, rewritten, isChanged } of made) {
    if (isChanged && rewritten !== undefined) changes.set(member.descriptor.digest, rewritten.manifest.descriptor);
  }
  const copied = settled.flatMap((member) => (member.kind === "copied" ? [member] : []));
  const rewritten = made.flatMap((one) => one.rewritten ?? []);
  const { root, inner } = rewrittenIndex(index, changes);
  const images = made.flatMap(outgoingOf);
  const outgoing = { images: [...images, ...copied.map((member) => member.outgoing)], innerIndexes: inner, index: root };
  const isWritten = images.length === made.length;
  return {
    optimization: {
      ...describedReport(made),
      indexDigest: `sha256:${createHash("sha256").update(index.bytes).digest("hex")}`,
      platforms: made.map(outcomeOf),
      before: sum(made.map(({ before }) => before)),
      predicted: sum(made.map(({ predicted }) => predicted)),
      ...(isWritten ? { after: sum(rewritten) } : {}),
      changes: made.flatMap(({ changes: own, member }) => own.map((change) => withPlatform(change, member.platform))),
      omissions,
      notes: [
        ...made.flatMap(({ notes, member }) => notes.map((note) => `${printPlatform(member.platform)}: ${note}`)),
        ...copied.flatMap(({ note }) => note ?? []),
      ],
    },
    ...(isWritten ? { outgoing } : {}),
    isCopy: changes.size === 0,
    sourceLayers: new Set(members.flatMap((member) => (member.kind === "omitted" ? [] : layersOf(member.manifest)))),
  };
}

/** What stays as it is keeps the descriptor that it has. */
function outgoingOf({ member, rewritten, isChanged }: MadeMember): readonly OutgoingImage[] {
  if (rewritten === undefined) return [];
  return [isChanged ? rewritten : { ...rewritten, manifest: { ...rewritten.manifest, descriptor: member.descriptor } }];
}

/** An attestation goes with the image that it is of, when that is changed or not there. */
function settledAttestations(members: readonly Member[], made: readonly MadeMember[]): readonly Member[] {
  const changed = new Map(made.filter(({ isChanged }) => isChanged).map(({ member }) => [member.descriptor.digest, member.name]));
  const there = new Set(members.filter(({ kind }) => kind !== "omitted").map(({ descriptor }) => descriptor.digest));
  return members.map((member): Member => {
    if (member.kind !== "copied" || member.manifest.role !== "attestation") return member;
    const { descriptor, name } = member;
    const omitted = (reason: string): Member => ({ descriptor, name, kind: "omitted", reason: `${name}${reason}` });
    const of = descriptor.annotations?.["vnd.docker.reference.digest"];
    if (of === undefined) return changed.size === 0 ? member : omitted(": it does not say of which image, and some were changed");
    if (changed.has(of)) return omitted(` of ${changed.get(of)}: that was changed`);
    return there.has(of) ? member : omitted(` of ${of}: that is not in the result`);
  });
}

function layersOf({ manifest }: IndexedManifest): readonly Digest[] {
  return manifest.layers.map(({ digest }) => digest);
}

function describedReport(made: readonly MadeMember[]): Report {
  const report = made.find(({ described }) => described !== undefined)?.described;
  if (report === undefined) throw new RangeError("none of the images was described");
  return report;
}

function outcomeOf({ member, before, predicted, rewritten }: MadeMember): PlatformOutcome {
  return {
    platform: member.platform,
    digest: member.descriptor.digest,
    before,
    predicted,
    ...(rewritten === undefined ? {} : { after: sum([rewritten]), resultDigest: rewritten.manifest.descriptor.digest }),
  };
}

function withPlatform({ transform, action, ...rest }: Change, platform: Platform): Change {
  return { transform, action, platform: printPlatform(platform), ...rest };
}

function sum(weights: readonly Weight[]): Weight {
  return {
    tarBytes: weights.reduce((total, { tarBytes }) => total + tarBytes, 0),
    compressedBytes: weights.reduce((total, { compressedBytes }) => total + compressedBytes, 0),
  };
}
