import type { Outgoing, OutgoingBlob, WriteOptions } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import { countWritten } from "../write/count-written.ts";
import { contentOf, manifestsOf, type OutgoingManifest, rootOf, sizeOf } from "../write/outgoing-blobs.ts";
import { alreadyThere } from "../write/write-aside.ts";
import { acceptedManifests } from "./manifest-type.ts";
import { parseReference, printReference, type RegistryReference } from "./parse-reference.ts";
import { persistently, realTiming, type Timing } from "./patience.ts";
import { refusal } from "./refusal.ts";
import { connectRegistry, type RegistryClient } from "./registry-client.ts";
import { uploadBlob } from "./upload-blob.ts";

/** An image on its way to a repository. */
interface Push {
  readonly reference: RegistryReference;
  /** The reference as it is printed. */
  readonly printed: string;
  readonly client: RegistryClient;
}

const blobsAtOnce = 3;

/**
 * Pushes an image to `[host[:port]/]path[:tag]`: blobs, then manifests by their digests, and last the tag, so that the tag never leads to
 * something that is not whole. Throws UserError `exists`, `unauthorized`, `refused`, `unreachable`.
 */
export async function pushImage(
  name: string,
  outgoing: Outgoing,
  options: WriteOptions,
  timing: Timing = realTiming,
): Promise<string> {
  const reference = parseReference(name);
  const root = rootOf(outgoing);
  const printed = printReference(reference);
  requireOwnDigest(reference, root, printed);
  const client = await connectRegistry({ ...options, reference, timing, actions: "pull,push" });
  const push: Push = { reference, printed, client };
  try {
    if (!options.force) await refuseExisting(push);
    await uploadAll(push, contentOf(outgoing), options);
    for (const manifest of manifestsOf(outgoing)) await putManifest(push, manifest, manifest.descriptor.digest);
    if (reference.digest !== undefined) return `docker://${printed}`;
    // Somebody may have pushed it meanwhile.
    if (!options.force) await refuseExisting(push);
    await putManifest(push, root, reference.tag);
    return `docker://${printed}`;
  } finally {
    await client.close();
  }
}

function requireOwnDigest({ digest }: RegistryReference, root: OutgoingManifest, printed: string): void {
  if (digest === undefined || digest === root.descriptor.digest) return;
  throw new UserError("bad-reference", `${printed}: the image has the digest ${root.descriptor.digest}`, {
    exitCode: 2,
    hint: "write docker://HOST/NAME:TAG: a digest can't be chosen",
  });
}

async function refuseExisting({ client, reference, printed }: Push): Promise<void> {
  const isThere = await persistently(client.patience(printed), async () => {
    const to = `manifests/${reference.digest ?? reference.tag}`;
    const answer = await client.send({ to, method: "HEAD", headers: { accept: acceptedManifests } });
    if (answer.status !== 200 && answer.status !== 404) throw await refusal(answer, printed, reference.host);
    await answer.discard();
    return answer.status === 200;
  });
  if (isThere) throw alreadyThere(printed);
}

/** Uploads some blobs at a time. The first failure ends all of them, and is what is thrown. */
async function uploadAll(
  { reference, printed, client }: Push,
  blobs: readonly OutgoingBlob[],
  options: WriteOptions,
): Promise<void> {
  const count = countWritten(`pushing ${printed}`, sizeOf(blobs), options.onProgress);
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const waiting = blobs.values();
  const lanes = Array.from({ length: blobsAtOnce }, async () => {
    try {
      for (const blob of waiting) {
        const place = { client, host: reference.host, what: `${printed}: ${blob.descriptor.digest}` };
        await uploadBlob({ place, reference, blob, signal, onBytes: count.add });
      }
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(lanes);
  failed.signal.throwIfAborted();
  count.end();
}

/** The same bytes under the same name may be put again as often as needed. */
async function putManifest(
  { client, reference, printed }: Push,
  { descriptor, bytes }: OutgoingManifest,
  id: string,
): Promise<void> {
  await persistently(client.patience(printed), async () => {
    const headers = { "content-type": descriptor.mediaType };
    const answer = await client.send({ to: `manifests/${id}`, method: "PUT", headers, body: bytes });
    if (![200, 201, 202].includes(answer.status)) throw await refusal(answer, `${printed}: manifest ${id}`, reference.host);
    await answer.discard();
  });
}
