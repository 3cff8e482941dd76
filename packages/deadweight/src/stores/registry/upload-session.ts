import { UserError } from "../../lib/user-error.ts";
import { TransientFailure } from "./patience.ts";
import { refusal } from "./refusal.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { Answer, Exchange } from "./transport.ts";

/** An upload that the registry has begun: where it goes on, and how much of it is there. */
export interface UploadSession {
  readonly location: URL;
  readonly offset: number;
  /** Whether a broken connection lies behind it: what the registry says of it may then be wrong. */
  readonly isResumed: boolean;
  /** The most bytes that one request brings. */
  readonly pieceBytes: number;
  /** The fewest, but for the last piece: `OCI-Chunk-Min-Length`. */
  readonly leastBytes: number;
}

/** What an upload speaks to and about. */
export interface UploadPlace {
  readonly client: RegistryClient;
  readonly host: string;
  /** What begins the messages of errors. */
  readonly what: string;
}

/** The registry knows nothing of an upload any more, or what it has of it is wrong: it begins anew. */
export class SessionLost extends TransientFailure {}

/** The registry takes no piece as large as that: smaller ones may go, from where it is. */
export class PieceTooLarge extends TransientFailure {
  readonly session: UploadSession;

  constructor(message: string, session: UploadSession) {
    super(message);
    this.session = session;
  }
}

/** GitHub's registry takes no larger ones with a Content-Range. */
const smallPiece = 4 * 1024 * 1024;

/** Begins an upload of a blob. */
export async function beginUpload({ client, host, what }: UploadPlace): Promise<UploadSession> {
  const answer = await client.send({ to: "blobs/uploads/", method: "POST" });
  if (answer.status !== 202) throw await refusal(answer, what, host);
  return sessionOf(answer, what);
}

/** The session that a 202 tells of. */
export async function sessionOf(answer: Answer, what: string): Promise<UploadSession> {
  const location = locationOf(answer);
  const least = Number(answer.header("oci-chunk-min-length")[0] ?? 0);
  await answer.discard();
  if (location === undefined) {
    throw new UserError("unreadable", `${what}: the registry begins an upload and does not say where it goes on (no Location)`);
  }
  const leastBytes = Number.isSafeInteger(least) && least > 0 ? least : 0;
  return { location, offset: 0, isResumed: false, pieceBytes: Infinity, leastBytes };
}

/** Asks how much of an upload is there. Throws SessionLost when that can't be told. */
export async function resumeUpload(session: UploadSession, { client }: UploadPlace, size: number): Promise<UploadSession> {
  const answer = await client.send({ to: session.location, method: "GET" });
  await answer.discard();
  const offset = endOf(answer);
  if (![200, 202, 204].includes(answer.status) || offset === undefined || offset > size) {
    throw new SessionLost(`the upload is lost (HTTP ${answer.status})`);
  }
  return { ...session, location: locationOf(answer) ?? session.location, offset, isResumed: true };
}

/**
 * Sends a piece of a blob, or all that is missing, and gives the session behind it. The first whole one goes as Docker sends it,
 * without Content-Range: Google's registry takes no other. Throws SessionLost, TransientFailure, UserError.
 */
export async function sendPiece(
  session: UploadSession,
  place: UploadPlace,
  size: number,
  bytesFrom: (start: number, end: number) => AsyncIterable<Uint8Array>,
): Promise<UploadSession> {
  const { offset, location } = session;
  const end = Math.min(size, offset + session.pieceBytes);
  const isWhole = offset === 0 && end === size;
  const range = { "content-range": `${offset}-${end - 1}`, "content-length": String(end - offset) };
  const headers = { "content-type": "application/octet-stream", ...(isWhole ? {} : range) };
  const body: Exchange["body"] = () => bytesFrom(offset, end);
  const answer = await place.client.send({ to: location, method: "PATCH", headers, body });
  // 201 and 204 are what some registries say for 202.
  if (![201, 202, 204].includes(answer.status)) throw await refusedPiece(answer, session, place, end - offset);
  await answer.discard();
  const reached = endOf(answer) ?? end;
  if (reached > end || reached <= offset) throw new SessionLost(`the upload is at ${reached} after bytes ${offset} to ${end}`);
  return { ...session, location: locationOf(answer) ?? location, offset: reached };
}

/** Says that all is there. Throws SessionLost when the registry knows nothing of it, or has something else after a broken connection. */
export async function endUpload(
  session: UploadSession,
  { client, host, what }: UploadPlace,
  digest: string,
  content?: Uint8Array,
): Promise<void> {
  const to = new URL(session.location);
  // Not by searchParams: that would write anew what the registry put there, and has perhaps signed.
  to.search += `${to.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`;
  const headers = { "content-type": "application/octet-stream", "content-length": String(content?.length ?? 0) };
  const answer = await client.send({ to, method: "PUT", headers, ...(content === undefined ? {} : { body: content }) });
  if ([200, 201, 204].includes(answer.status)) return answer.discard();
  const isLost = answer.status === 404 || (session.isResumed && [400, 416].includes(answer.status));
  const error = await refusal(answer, what, host);
  throw isLost ? new SessionLost(`the upload is lost (HTTP ${answer.status})`) : error;
}

/** Lets a registry forget an upload; it would itself some day. */
export async function cancelUpload({ location }: UploadSession, { client }: UploadPlace): Promise<void> {
  const answer = await client.send({ to: location, method: "DELETE" }).catch(() => undefined);
  await answer?.discard();
}

async function refusedPiece(answer: Answer, session: UploadSession, place: UploadPlace, sent: number): Promise<Error> {
  const { status } = answer;
  const error = await refusal(answer, place.what, place.host);
  const pieceBytes = Math.max(smallPiece, session.leastBytes);
  if ((status === 413 || status === 416) && sent > pieceBytes)
    return new PieceTooLarge(`HTTP ${status}`, { ...session, pieceBytes });
  return status === 404 || status === 416 ? new SessionLost(`the upload is lost (HTTP ${status})`) : error;
}

/** Where an upload goes on. Behind a proxy that ends TLS a registry may believe that it is spoken to without. */
function locationOf(answer: Answer): URL | undefined {
  const location = URL.parse(answer.header("location")[0] ?? "", answer.url.href);
  if (answer.header("location").length === 0 || location === null) return undefined;
  location.username = "";
  location.password = "";
  if (answer.url.protocol === "https:" && location.hostname === answer.url.hostname) {
    location.protocol = "https:";
    location.port = answer.url.port;
  }
  return location;
}

/** How many bytes are there, by the Range header of an answer: `0-N`, N being the last. Nothing at all is `0-0` as well. */
function endOf(answer: Answer): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.header("range")[0]?.trim() ?? "")?.[1];
  if (last === undefined) return undefined;
  return last === "0" ? 0 : Number(last) + 1;
}
