import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { mkdtempSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryFolder } from "./temporary-folder.ts";

/** Answers to GET requests by path without the version; a function has the response to itself. */
export type Answers = Readonly<Record<string, unknown>>;

export interface FakeEngine {
  /** The socket's path, or the port's address. */
  readonly address: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
}

const place = temporaryFolder();

/** An engine with the Engine API's manners on a socket of its own, that goes when the test ends. */
export async function fakeEngine(t: TestContext, answers: Answers, listenOn?: number): Promise<FakeEngine> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/^\/v1\.41\//, "/");
    asked.push(request.url ?? "");
    answer(answers[path], path, request, response);
  });
  const socket = join(mkdtempSync(join(place, "e-")), "engine.sock");
  await new Promise<void>((listening) => {
    server.listen(listenOn === undefined ? { path: socket } : { port: listenOn, host: "127.0.0.1" }, listening);
  });
  t.after(() => closed(server));
  return { address: listenOn === undefined ? socket : `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Answers of an engine that holds one image, saved as this archive. */
export function answersWith(name: string, archive: Uint8Array, inspected: object = {}): Answers {
  return {
    [`/images/${name}/json`]: { Id: "sha256:00", Size: archive.length, ...inspected },
    [`/images/${name}/get`]: (_: IncomingMessage, response: ServerResponse) => response.end(archive),
  };
}

function answer(found: unknown, path: string, request: IncomingMessage, response: ServerResponse): void {
  if (typeof found === "function") found(request, response);
  else if (path === "/_ping") response.setHeader("Api-Version", "1.41").end("OK");
  else if (found === undefined) response.writeHead(404).end(JSON.stringify({ message: `No such image: ${path}` }));
  else response.end(JSON.stringify(found));
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => {
    server.close(() => done());
  });
}
