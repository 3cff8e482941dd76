import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { parseJson, asRecord } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import type { OpenOptions } from "../contracts/store.ts";
import { createPool } from "./create-pool.ts";
import type { EngineAddress } from "./endpoint.ts";

/** A Docker or Podman engine that answers. */
export interface Engine {
  /** What error messages begin with: `docker engine at unix:///var/run/docker.sock (the default)`. */
  readonly place: string;
  /** The JSON answer to a GET, at most `maxBytes` of it. Throws UserError: `not-found` for 404, `engine-failed` and others. */
  readonly json: (path: string, maxBytes: number) => Promise<unknown>;
  /** The body of the answer to a GET. */
  readonly stream: (path: string) => Promise<Readable>;
  /** The body of the answer to an archive that is posted as it is made. */
  readonly upload: (path: string, archive: Readable) => Promise<Readable>;
  /** The JSON answer to any request, at most `maxBytes` of it; undefined for an empty one. Throws UserError, `timed-out` among them. */
  readonly ask: (asked: EngineRequest, maxBytes?: number) => Promise<unknown>;
  /** The body of the answer to any request, to be read as it comes and within its time. */
  readonly follow: (asked: EngineRequest) => Promise<Readable>;
  /** What a failure while a body is read means. */
  readonly failure: (error: unknown) => unknown;
  readonly close: () => Promise<void>;
}

/** A request with a JSON body or none. */
export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Behind the version: `/containers/create`. */
  readonly path: string;
  readonly body?: object;
  /** For all of the answer; a minute when absent. */
  readonly timeoutMs?: number;
  /** In the place of the client's own: what takes away goes on after a stop. */
  readonly signal?: AbortSignal;
}

/** What an engine's client may use of the world outside. */
export type EngineOptions = Pick<OpenOptions, "environment" | "signal" | "insecure">;

const maxMessageBytes = 64 * 1024;
const maxAnswerBytes = 8 * 1024 * 1024;
/** `docker save` writes all layers to the engine's disk before it sends the first byte. */
const saveTimeoutMs = 60 * 60 * 1000;
const answerTimeoutMs = 60 * 1000;

/** Connects to an engine and asks for its API version. Throws UserError `no-engine` when it is not there or may not be spoken to. */
export async function connectEngine(address: EngineAddress, options: EngineOptions): Promise<Engine> {
  const place = `${address.program} engine at ${address.shown}`;
  const pool = await createPool(address, place, options);
  const failure = (error: unknown): unknown => connectionError(error, place, options.signal);
  const get = async (path: string, headersTimeout: number): Promise<Dispatcher.ResponseData> => {
    try {
      return await pool.request({ method: "GET", path, signal: options.signal, headersTimeout });
    } catch (error) {
      throw failure(error);
    }
  };
  const close = (): Promise<void> => pool.destroy();
  try {
    const base = `/v${await apiVersion(await get("/_ping", answerTimeoutMs), place)}`;
    const checked = async (path: string, timeoutMs: number): Promise<Readable> =>
      (await checkStatus(await get(base + path, timeoutMs), place, failure)).body;
    const follow = async (asked: EngineRequest): Promise<Readable> => {
      const answer = await send(pool, base, asked, options.signal).catch((error: unknown) => {
        throw failure(error);
      });
      return (await checkStatus(answer, place, failure)).body;
    };
    return {
      place,
      follow,
      ask: async (asked, maxBytes = maxAnswerBytes) => {
        const bytes = await readBody(await follow(asked), maxBytes, place, failure);
        return bytes.length === 0 ? undefined : parseJson(bytes, place);
      },
      json: async (path, maxBytes) =>
        parseJson(await readBody(await checked(path, answerTimeoutMs), maxBytes, place, failure), place),
      stream: (path) => checked(path, saveTimeoutMs),
      upload: async (path, archive) => {
        const answer = await post(pool, base + path, archive, options.signal).catch((error: unknown) => {
          throw failure(error);
        });
        return (await checkStatus(answer, place, failure)).body;
      },
      failure,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An engine unpacks all layers before it answers. */
async function post(pool: Dispatcher, path: string, body: Readable, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  const headers = { "content-type": "application/x-tar" };
  const [headersTimeout, bodyTimeout] = [saveTimeoutMs, saveTimeoutMs];
  return pool.request({ method: "POST", path, headers, body, signal, headersTimeout, bodyTimeout });
}

/** The time goes by a signal of its own: an engine may send a header at once and the body when a container has ended. */
async function send(
  pool: Dispatcher,
  base: string,
  { method, path, body, timeoutMs = answerTimeoutMs, signal: own }: EngineRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const ends = AbortSignal.any([own ?? signal, AbortSignal.timeout(timeoutMs)]);
  return pool.request({ method, path: base + path, ...content, signal: ends, headersTimeout: 0, bodyTimeout: 0 });
}

async function apiVersion(answer: Dispatcher.ResponseData, place: string): Promise<string> {
  await answer.body.dump();
  const version = answer.headers["api-version"];
  if (typeof version === "string" && /^\d{1,3}\.\d{1,3}$/.test(version)) return version;
  throw new UserError("no-engine", `${place}: answers with status ${answer.statusCode} and no API version: not an engine`);
}

async function checkStatus(
  answer: Dispatcher.ResponseData,
  place: string,
  failure: (error: unknown) => unknown,
): Promise<Dispatcher.ResponseData> {
  // 304 says that a container is started or stopped already.
  if ((answer.statusCode >= 200 && answer.statusCode < 300) || answer.statusCode === 304) return answer;
  const said = (await readBody(answer.body, maxMessageBytes, place, failure)).toString();
  const code = answer.statusCode === 404 ? "not-found" : "engine-failed";
  throw new UserError(code, `${place}: ${messageIn(said) ?? `status ${answer.statusCode}`}`);
}

function messageIn(body: string): string | undefined {
  try {
    const message = asRecord(JSON.parse(body))?.["message"];
    return typeof message === "string" && message !== "" ? message.trim().slice(0, 500) : undefined;
  } catch {
    return undefined;
  }
}

async function readBody(body: Readable, maxBytes: number, place: string, failure: (error: unknown) => unknown): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      size += piece.length;
      if (size > maxBytes) throw new UserError("engine-failed", `${place}: an answer of more than ${maxBytes} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    throw failure(error);
  }
  return Buffer.concat(pieces);
}

function connectionError(error: unknown, place: string, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof UserError || !(error instanceof Error)) return error;
  const code = "code" in error ? error.code : undefined;
  const cause = { cause: error };
  if (error.name === "TimeoutError") return new UserError("timed-out", `${place}: no answer in time`, cause);
  if (code === "ENOENT") return new UserError("no-engine", `${place}: not running, there is no such socket`, cause);
  if (code === "ECONNREFUSED") return new UserError("no-engine", `${place}: not running, nothing listens there`, cause);
  if (code === "EACCES" || code === "EPERM") {
    const hint = "add yourself to the group of the socket (docker), or run as its owner";
    return new UserError("no-engine", `${place}: permission denied`, { ...cause, hint });
  }
  if (code === "UND_ERR_BODY_TIMEOUT" || code === "UND_ERR_HEADERS_TIMEOUT") {
    return new UserError("engine-failed", `${place}: sent nothing for too long`, cause);
  }
  return new UserError("engine-failed", `${place}: the connection broke: ${error.message || String(code)}`, cause);
}
