import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { type Certificate, digestOf } from "./registry.ts";

/** A request as the registry saw it; `received` bytes of its body were read. */
export interface SeenPush {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly received: number;
}

/** What is asked for: `HEAD blob`, `POST upload`, `PATCH upload`, `GET upload`, `PUT upload`, `DELETE upload`, `HEAD manifest`, `PUT manifest`. */
export type PushKind = string;

/** Answers in place of the registry when it returns true, before the body is read. `seen` counts requests of that kind from 1. */
export type PushFault = (request: IncomingMessage, response: ServerResponse, seen: number) => boolean;

/** A number of bytes of a PATCH that are stored before the connection goes; undefined for one that works. */
export type Drop = (seen: number) => number | undefined;

export interface PushRegistryOptions {
  readonly faults?: Readonly<Record<PushKind, PushFault>>;
  readonly drop?: Drop;
  /** Blobs that other repositories have, as `repository digest`. */
  readonly elsewhere?: readonly string[];
  /** The WWW-Authenticate of a request that has not the right Authorization. */
  readonly challenge?: (request: IncomingMessage) => string | undefined;
  /** Where an upload is said to go on. */
  readonly locate?: (path: string) => string;
  readonly certificate?: Certificate;
  /** The largest piece with a Content-Range. */
  readonly largestPiece?: number;
}

/** A registry in memory that takes pushes to one repository, `team/app`. */
export interface PushRegistry {
  readonly host: string;
  readonly blobs: ReadonlyMap<string, Buffer>;
  /** By tag and by digest. */
  readonly manifests: ReadonlyMap<string, Buffer>;
  /** Uploads that were begun and neither ended nor cancelled. */
  readonly uploads: ReadonlyMap<string, Buffer[]>;
  readonly requests: readonly SeenPush[];
  /** `METHOD kind status`, in order, without the answers to /v2/. */
  readonly log: readonly string[];
}

interface State {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, Buffer>;
  readonly uploads: Map<string, Buffer[]>;
  readonly options: PushRegistryOptions;
  begun: number;
}

/** Starts a registry that ends with the test. */
export async function startPushRegistry(t: TestContext, options: PushRegistryOptions = {}): Promise<PushRegistry> {
  const state: State = { blobs: new Map(), manifests: new Map(), uploads: new Map(), options, begun: 0 };
  const requests: SeenPush[] = [];
  const log: string[] = [];
  const counts = new Map<PushKind, number>();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = "", url: path = "", headers } = request;
    const kind = `${method} ${kindOf(path)}`;
    const seen = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, seen);
    const pieces: Buffer[] = [];
    const note = (what: number | string): void => {
      requests.push({ method, path, headers, received: sizeOf(pieces) });
      if (path !== "/v2/") log.push(`${kind} ${what}`);
    };
    response.once("finish", () => note(response.statusCode));
    request.on("data", (piece: Buffer) => pieces.push(piece)).on("error", () => undefined);
    const challenge = options.challenge?.(request);
    if (challenge !== undefined) return void response.writeHead(401, { "www-authenticate": challenge }).end();
    if (options.faults?.[kind]?.(request, response, seen) === true) return;
    const dropAfter = kind === "PATCH upload" ? options.drop?.(seen) : undefined;
    if (dropAfter !== undefined) dropPatch(state, request, dropAfter, note);
    else request.on("end", () => answer(state, request, response, Buffer.concat(pieces)));
  };
  const { certificate } = options;
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(
    () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  );
  const { blobs, manifests, uploads } = state;
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, blobs, manifests, uploads, requests, log };
}

/** An answer with a status and nothing else, a number of times. */
export function failing(status: number, times: number, headers: Readonly<Record<string, string>> = {}): PushFault {
  return (_, response, seen) => {
    if (seen <= times) response.writeHead(status, headers).end();
    return seen <= times;
  };
}

function kindOf(path: string): string {
  if (path.includes("/manifests/")) return "manifest";
  if (path.includes("/blobs/uploads/")) return "upload";
  return path.includes("/blobs/") ? "blob" : "base";
}

function dropPatch(state: State, request: IncomingMessage, after: number, note: (what: string) => void): void {
  const upload = state.uploads.get(idOf(request));
  let left = after;
  request.on("data", (piece: Buffer) => {
    if (left === 0) return;
    const taken = piece.subarray(0, left);
    left -= taken.length;
    upload?.push(taken);
    if (left > 0) return;
    note("dropped");
    request.socket.destroy();
  });
  request.on("error", () => undefined);
}

function answer(state: State, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const url = new URL(request.url ?? "", "http://x");
  const [, kind, id = ""] = /\/(manifests|blobs)\/(.*)$/.exec(url.pathname) ?? [];
  if (url.pathname === "/v2/") return void response.end();
  if (kind === "manifests") return answerManifest(state, request, response, id, body);
  if (!id.startsWith("uploads/")) return void response.writeHead(state.blobs.has(id) ? 200 : 404).end();
  if (request.method === "POST") return beginUpload(state, url, response);
  const upload = state.uploads.get(idOf(request));
  if (upload === undefined) return refuse(response, 404, "BLOB_UPLOAD_UNKNOWN");
  if (request.method === "PATCH") return takePiece(state, request, response, upload, body);
  if (request.method === "PUT") return endUpload(state, url, response, [...upload, body], idOf(request));
  if (request.method === "DELETE") return void response.writeHead(state.uploads.delete(idOf(request)) ? 204 : 404).end();
  return tellUpload(state, request, response, 204);
}

function answerManifest(
  { blobs, manifests }: State,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  body: Buffer,
): void {
  if (request.method !== "PUT") return void response.writeHead(manifests.has(id) ? 200 : 404).end();
  const { config, layers = [], manifests: below = [] } = JSON.parse(body.toString());
  const needed: readonly { readonly digest: string }[] = [...(config === undefined ? [] : [config]), ...layers];
  const isWhole =
    needed.every(({ digest }) => blobs.has(digest)) && below.every(({ digest }: { digest: string }) => manifests.has(digest));
  if (!isWhole) return refuse(response, 400, "MANIFEST_BLOB_UNKNOWN");
  if (id.startsWith("sha256:") && id !== digestOf(body)) return refuse(response, 400, "DIGEST_INVALID");
  manifests.set(id, body);
  response.writeHead(201).end();
}

function beginUpload(state: State, url: URL, response: ServerResponse): void {
  const [mount, from] = [url.searchParams.get("mount"), url.searchParams.get("from")];
  if (mount !== null && state.options.elsewhere?.includes(`${from} ${mount}`) === true) {
    state.blobs.set(mount, Buffer.alloc(0));
    return void response.writeHead(201).end();
  }
  const id = String(++state.begun);
  state.uploads.set(id, []);
  const path = `/v2/team/app/blobs/uploads/${id}?_state=a%2Fb%3D`;
  response.writeHead(202, { location: state.options.locate?.(path) ?? path, range: "0-0" }).end();
}

function takePiece(state: State, request: IncomingMessage, response: ServerResponse, upload: Buffer[], body: Buffer): void {
  const range = request.headers["content-range"];
  const start = Number(/^(\d+)-\d+$/.exec(range ?? "0-0")?.[1]);
  if (range !== undefined && body.length > (state.options.largestPiece ?? Infinity)) return void response.writeHead(413).end();
  if (start !== sizeOf(upload)) return void response.writeHead(416).end();
  upload.push(body);
  tellUpload(state, request, response, 202);
}

function tellUpload(state: State, request: IncomingMessage, response: ServerResponse, status: number): void {
  const size = sizeOf(state.uploads.get(idOf(request)) ?? []);
  response
    .writeHead(status, {
      location: state.options.locate?.(request.url ?? "") ?? request.url,
      range: `0-${Math.max(0, size - 1)}`,
    })
    .end();
}

function endUpload(state: State, url: URL, response: ServerResponse, pieces: readonly Buffer[], id: string): void {
  const blob = Buffer.concat(pieces);
  state.uploads.delete(id);
  if (url.searchParams.get("_state") !== "a/b=") return refuse(response, 400, "BLOB_UPLOAD_INVALID");
  if (url.searchParams.get("digest") !== digestOf(blob)) return refuse(response, 400, "DIGEST_INVALID");
  state.blobs.set(digestOf(blob), blob);
  response.writeHead(201).end();
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(JSON.stringify({ errors: [{ code, message: "some words" }] }));
}

function idOf(request: IncomingMessage): string {
  return /\/uploads\/(\d+)/.exec(request.url ?? "")?.[1] ?? "";
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
