import { printBytes } from "../../lib/byte-size.ts";
import type { DockerfileRewrite, RewriteSaving } from "../../model/dockerfile-rewrite.ts";

/** `saves 12.3 MB (4.50 MB compressed)`, or `saves about 3 GB (estimated: wheels of torch 2.5.1)`. */
export function savingText({ bytes, compressedBytes, basis, source }: RewriteSaving): string {
  const compressed = compressedBytes === undefined ? "" : `${printBytes(compressedBytes)} compressed`;
  if (basis === "measured")
    return bytes === 0 ? "saves nothing that is in the image" : `saves ${printBytes(bytes)} (${compressed})`;
  const details = [compressed, `estimated: ${source ?? "no source"}`].filter((part) => part !== "").join("; ");
  return bytes === 0 ? `what it saves is ${source ?? "not known"}` : `saves about ${printBytes(bytes)} (${details})`;
}

/** What all changes save, in one sentence. */
export function totalText({ changes, measured, estimated, image }: DockerfileRewrite): string {
  if (changes.length === 0) return "Nothing to change.";
  const parts = [
    ...(image
      ? [`${printBytes(measured.bytes)} measured in the image (${printBytes(measured.compressedBytes)} compressed)`]
      : []),
    ...(estimated.bytes > 0 ? [`about ${printBytes(estimated.bytes)} estimated`] : []),
  ];
  return parts.length === 0
    ? "What it saves is not known without the built image: name it with --image."
    : `Saves ${parts.join(", and ")}.`;
}

/** How much of the Dockerfile the image shows, where that is not all. */
export function evidenceText({ evidence, image }: DockerfileRewrite): string | undefined {
  if (!evidence || !image || evidence.found === evidence.instructions) return undefined;
  const { found, instructions } = evidence;
  if (found === 0) return `No RUN, COPY or ADD is in the history of ${image.reference}: was it built from this Dockerfile?`;
  return `${found} of ${instructions} RUN, COPY and ADD are in the history of ${image.reference}; the others have no bytes.`;
}
