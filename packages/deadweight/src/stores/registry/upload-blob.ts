import type { OutgoingBlob } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import { verifiedBytes } from "../write/verified-bytes.ts";
import { BlobReader } from "./blob-reader.ts";
import { parseReference, type RegistryReference } from "./parse-reference.ts";
import { refusal } from "./refusal.ts";
import {
  beginUpload,
  cancelUpload,
  endUpload,
  PieceTooLarge,
  resumeUpload,
  sendPiece,
  sessionOf,
  SessionLost,
  type UploadPlace,
  type UploadSession,
} from "./upload-session.ts";

/** A blob and where it goes. */
export interface BlobUpload {
  readonly place: UploadPlace;
  readonly reference: RegistryReference;
  readonly blob: OutgoingBlob;
  readonly signal: AbortSignal;
  /** Bytes that were not told before: sent, or there without. */
  readonly onBytes: (bytes: number) => void;
}

/** Up to so many bytes are sent with one request, and again from the beginning when it fails. */
const atOnce = 1024 * 1024;

/**
 * Makes sure that a registry has a blob: it is there, is mounted from another repository, or is uploaded, going on where it was when
 * the connection breaks. Throws UserError.
 */
export async function uploadBlob(upload: BlobUpload): Promise<void> {
  const { place, signal, blob } = upload;
  const { size } = blob.descriptor;
  const patience = place.client.patience(place.what, signal);
  const tell = tellOnce(upload.onBytes);
  let session: UploadSession | undefined;
  let furthest = 0;
  const keep = (next: UploadSession): UploadSession => {
    if (next.offset > furthest) patience.progressed();
    furthest = Math.max(furthest, next.offset);
    return (session = next);
  };
  for (let isDone = false; !isDone;) {
    try {
      signal.throwIfAborted();
      await (size <= atOnce ? uploadAtOnce(upload) : uploadPieces(upload, session, keep, tell));
      isDone = true;
    } catch (error) {
      const failed = session;
      session = error instanceof SessionLost ? undefined : error instanceof PieceTooLarge ? error.session : session;
      const isOver = await patience.failed(error).then(
        () => undefined,
        (final: unknown) => ({ final }),
      );
      if (failed !== undefined && (isOver !== undefined || session === undefined)) await cancelUpload(failed, place);
      if (isOver !== undefined) throw isOver.final;
    }
  }
  tell(size);
}

/** A request that broke off may have brought a part, so that each attempt begins a new upload. */
async function uploadAtOnce(upload: BlobUpload): Promise<void> {
  const session = await findOrBegin(upload);
  if (session === undefined) return;
  try {
    const content = Buffer.concat(await Array.fromAsync(verifiedBytes(upload.blob, upload.signal)));
    await endUpload(session, upload.place, upload.blob.descriptor.digest, content);
  } catch (error) {
    await cancelUpload(session, upload.place);
    throw error;
  }
}

async function uploadPieces(
  upload: BlobUpload,
  earlier: UploadSession | undefined,
  keep: (session: UploadSession) => UploadSession,
  tell: (position: number) => void,
): Promise<void> {
  const { place, blob, signal } = upload;
  const { size, digest } = blob.descriptor;
  const begun = earlier === undefined ? await findOrBegin(upload) : await resume(upload, earlier);
  if (begun === undefined) return;
  const reader = new BlobReader(blob, signal);
  try {
    let session = keep(begun);
    while (session.offset < size) {
      session = keep(await sendPiece(session, place, size, (start, end) => told(reader.between(start, end), start, tell)));
    }
    await endUpload(session, place, digest);
  } finally {
    await reader.close();
  }
}

async function resume(upload: BlobUpload, earlier: UploadSession): Promise<UploadSession | undefined> {
  const { place, blob } = upload;
  const resumed = await resumeUpload(earlier, place, blob.descriptor.size);
  if (resumed.offset > 0) return resumed;
  // Registries say the same of one byte and of none.
  await cancelUpload(resumed, place);
  const begun = await findOrBegin(upload);
  return begun && { ...begun, pieceBytes: earlier.pieceBytes };
}

/** A new upload; undefined when the registry has the blob already, or has it now from another repository. */
async function findOrBegin(upload: BlobUpload): Promise<UploadSession | undefined> {
  const { place, reference, blob } = upload;
  if (await isThere(upload)) return undefined;
  const from = mountable(blob.mountFrom, reference);
  if (from === undefined) return beginUpload(place);
  try {
    const query = new URLSearchParams({ mount: blob.descriptor.digest, from });
    const answer = await place.client.send({ to: `blobs/uploads/?${query.toString()}`, method: "POST", alsoPull: from });
    if (answer.status === 202) return await sessionOf(answer, place.what);
    await answer.discard();
    if (answer.status === 201) return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "unauthorized") throw error;
  }
  // A login that may not read the other repository may well push to this one.
  return beginUpload(place);
}

async function isThere({ place: { client, what, host }, blob }: BlobUpload): Promise<boolean> {
  const answer = await client.send({ to: `blobs/${blob.descriptor.digest}`, method: "HEAD" });
  if ([401, 403].includes(answer.status) && answer.url.host === host) throw await refusal(answer, what, host);
  await answer.discard();
  return answer.status === 200;
}

/** The repository to mount from, when it is another one of the same registry. */
function mountable(mountFrom: string | undefined, { registry, repository }: RegistryReference): string | undefined {
  const from = mountFrom === undefined ? undefined : parseReference(mountFrom);
  return from?.registry === registry && from.repository !== repository ? from.repository : undefined;
}

/** What is sent again after a broken connection is not told again. */
function tellOnce(onBytes: (bytes: number) => void): (position: number) => void {
  let furthest = 0;
  return (position) => {
    if (position > furthest) onBytes(position - furthest);
    furthest = Math.max(furthest, position);
  };
}

async function* told(
  pieces: AsyncIterable<Uint8Array>,
  start: number,
  tell: (position: number) => void,
): AsyncGenerator<Uint8Array> {
  let position = start;
  for await (const piece of pieces) {
    yield piece;
    tell((position += piece.length));
  }
}
