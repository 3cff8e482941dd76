import type { Answer } from "../../model/observation.ts";
import type { HttpRequest } from "../../model/config.ts";

/** Asks one container over HTTP, its connections kept open. */
export interface HttpClient {
  /** An answer, or why there was none; never throws but for the signal. */
  readonly ask: (probe: string, request: HttpRequest, timeoutMs: number) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

const mostBodyBytes = 16 * 1024 * 1024;

/** A client for `127.0.0.1:8000`. Redirections are answers like others. */
export async function createHttpClient(address: string, signal: AbortSignal): Promise<HttpClient> {
  const { Pool } = await import("undici");
  const pool = new Pool(`http://${address}`, { connections: 1, headersTimeout: 0, bodyTimeout: 0 });
  return {
    close: () => pool.destroy(),
    ask: async (probe, { method, path, headers, body, json }, timeoutMs) => {
      const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const isJson = json !== undefined && json !== null;
      const content = isJson ? JSON.stringify(json) : body;
      const all = isJson ? { "content-type": "application/json", ...headers } : headers;
      try {
        const options = { method: method as "GET", path, headers: all, signal: ends };
        const answer = await pool.request({ ...options, ...(content === undefined ? {} : { body: content }) });
        const { bytes, isCut } = await bodyOf(answer.body);
        const named = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        return { probe, code: answer.statusCode, headers: Object.fromEntries(named), body: bytes, isCut };
      } catch (error) {
        signal.throwIfAborted();
        return { probe, failure: failureOf(error, timeoutMs), code: undefined, headers: {}, body: Buffer.alloc(0), isCut: false };
      }
    },
  };
}

async function bodyOf(body: AsyncIterable<Uint8Array>): Promise<{ readonly bytes: Uint8Array; readonly isCut: boolean }> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > mostBodyBytes) return { bytes: Buffer.concat(pieces), isCut: true };
    pieces.push(piece);
  }
  return { bytes: Buffer.concat(pieces), isCut: false };
}

function failureOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const code = "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "nothing listens there";
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" ? "the connection was closed without an answer" : error.message;
}
