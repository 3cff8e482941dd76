import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connectEngine } from "../../src/engine/connect-engine.ts";
import type { EngineAddress } from "../../src/engine/endpoint.ts";
import { folderOf } from "../support/archived-image.ts";
import { openOptions } from "../support/open-options.ts";
import { run, without } from "../support/tools.ts";

/** A folder with a new authority, and a certificate of it for server and client, called as Docker calls them. */
function certificates(): string {
  const folder = folderOf([{ path: "names", content: "subjectAltName=IP:127.0.0.1\n" }]);
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): unknown => run("openssl", args);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", at("ca-key.pem"), "-out", at("ca.pem"), "-subj", "/CN=authority", "-days", "2");
  openssl("req", "-new", ...key, "-keyout", at("key.pem"), "-out", at("request.pem"), "-subj", "/CN=engine");
  openssl(
    "x509",
    "-req",
    "-in",
    at("request.pem"),
    "-CA",
    at("ca.pem"),
    "-CAkey",
    at("ca-key.pem"),
    "-CAcreateserial",
    "-extfile",
    at("names"),
    "-out",
    at("cert.pem"),
    "-days",
    "2",
  );
  return folder;
}

/** An engine that only speaks TLS and, if it asks, only to those with a certificate of the authority in the folder. */
async function tlsEngine(t: TestContext, folder: string, asks: boolean): Promise<number> {
  const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => readFileSync(join(folder, name)));
  const server = createServer({ ca, cert, key, requestCert: asks, rejectUnauthorized: asks }, (_, response) => {
    response.setHeader("Api-Version", "1.41");
    response.end("{}");
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function addressAt(port: number, folder: string, verify = true): EngineAddress {
  const endpoint = { kind: "tcp", host: "127.0.0.1", port, tls: { folder, verify } } as const;
  return { program: "docker", endpoint, shown: `tcp://127.0.0.1:${port}` };
}

test("an engine behind TLS is spoken to with the client's certificate", async (t) => {
  const missing = without("openssl", ["version"]);
  if (missing) return t.skip(missing);
  const folder = certificates();
  const engine = await connectEngine(addressAt(await tlsEngine(t, folder, true), folder), openOptions());
  assert.deepEqual(await engine.json("/info", 1000), {});
  await engine.close();
});

test("an engine of another authority is refused, unless the context says not to look", async (t) => {
  const missing = without("openssl", ["version"]);
  if (missing) return t.skip(missing);
  const port = await tlsEngine(t, certificates(), false);
  const other = certificates();
  await assert.rejects(connectEngine(addressAt(port, other), openOptions()), { name: "UserError", message: /certificate/ });
  await assert.rejects(connectEngine(addressAt(port, ""), openOptions()), { name: "UserError", message: /certificate/ });
  await (await connectEngine(addressAt(port, other, false), openOptions())).close();
});

test("an engine that asks for a certificate does not answer without", async (t) => {
  const missing = without("openssl", ["version"]);
  if (missing) return t.skip(missing);
  const port = await tlsEngine(t, certificates(), true);
  await assert.rejects(connectEngine(addressAt(port, folderOf([]), false), openOptions()), { name: "UserError" });
});

test("without TLS only loopback is spoken to, or what was allowed", async () => {
  const address: EngineAddress = {
    program: "podman",
    endpoint: { kind: "tcp", host: "engine.example", port: 1, tls: undefined },
    shown: "x",
  };
  await assert.rejects(connectEngine(address, openOptions()), { code: "no-engine", message: /without TLS/ });
  await assert.rejects(connectEngine(address, openOptions({ insecure: ["other.example"] })), { message: /without TLS/ });
  const local: EngineAddress = { ...address, endpoint: { kind: "tcp", host: "127.0.0.1", port: 1, tls: undefined } };
  await assert.rejects(connectEngine(local, openOptions()), { code: "no-engine", message: /nothing listens there/ });
});
