import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createHttpClient } from "../../../src/pipeline/observe/ask-http.ts";

const get = (path: string): { method: string; path: string; headers: Record<string, string> } => ({
  method: "GET",
  path,
  headers: {},
});

test("an answer is what was sent, and a failure is one in words", async (t) => {
  const server = createServer((request, response) => {
    if (request.url === "/silent") return;
    if (request.url === "/broken") return void request.destroy();
    if (request.url === "/moved") return void response.writeHead(302, { location: "/" }).end();
    if (request.url === "/endless") {
      const more = (): void => void (response.destroyed || response.write("x".repeat(1 << 20), more));
      return more();
    }
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => response.setHeader("X-Kind", request.headers["content-type"] ?? "").end(`${request.method} ${body}`));
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = await createHttpClient(`127.0.0.1:${port}`, new AbortController().signal);
  t.after(client.close);
  const posted = await client.ask("p", { ...get("/"), method: "POST", json: { a: 1 } }, 10_000);
  assert.deepEqual([posted.code, String(posted.body), posted.headers["x-kind"]], [200, 'POST {"a":1}', "application/json"]);
  assert.equal((await client.ask("p", get("/moved"), 10_000)).code, 302);
  assert.equal((await client.ask("p", get("/silent"), 50)).failure, "no answer within 50 ms");
  assert.equal((await client.ask("p", get("/broken"), 10_000)).failure, "the connection was closed without an answer");
  const endless = await client.ask("p", get("/endless"), 20_000);
  assert.ok(endless.isCut && endless.body.length <= 16 << 20, `${endless.body.length} bytes`);
  const none = await createHttpClient("127.0.0.1:1", new AbortController().signal);
  assert.equal((await none.ask("p", get("/"), 10_000)).failure, "nothing listens there");
  await none.close();
});

test("a stop is no answer", async () => {
  const stop = new AbortController();
  const client = await createHttpClient("127.0.0.1:1", stop.signal);
  stop.abort("SIGINT");
  await assert.rejects(client.ask("p", get("/"), 10_000));
  await client.close();
});
