import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import {
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { OpenOptions } from "../../src/contracts/store.ts";
import type { Timing } from "../../src/stores/registry/patience.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const ociManifestType = "application/vnd.oci.image.manifest.v1+json";

const root = temporaryFolder();

/** A new folder that is removed with all others when the test process ends. */
export function freshFolder(): string {
  return mkdtempSync(join(root, "x"));
}

/** One request as a server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers a request in place of the registry, when it returns true. `seen` counts the requests for the same path, from 1. */
export type Fault = (request: IncomingMessage, response: ServerResponse, seen: number) => boolean;

/** A loopback server that remembers what it was asked. */
export interface TestServer {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly port: number;
  readonly requests: readonly SeenRequest[];
  readonly close: () => Promise<void>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/** An image of one layer for a test registry. */
export interface TestImage {
  readonly layer: Uint8Array;
  readonly layerDigest: string;
  readonly config: Uint8Array;
  readonly configDigest: string;
  readonly manifest: Uint8Array;
  readonly manifestDigest: string;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** A manifest, config and a layer of so many bytes, neighbouring KiB of which differ. */
export function testImage(layerBytes = 1000): TestImage {
  const layer = Buffer.alloc(layerBytes);
  for (let index = 0; index < layerBytes; index++) layer[index] = index * 31 + (index >> 10);
  const layerDigest = digestOf(layer);
  const config = Buffer.from(
    JSON.stringify({ os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [layerDigest] } }),
  );
  const configDigest = digestOf(config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifestType,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: configDigest, size: config.length },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layerDigest, size: layer.length }],
    }),
  );
  return { layer, layerDigest, config, configDigest, manifest, manifestDigest: digestOf(manifest) };
}

/** Starts a loopback server, with TLS when it gets a certificate. */
export async function startServer(listener: RequestListener, certificate?: Certificate): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const record: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      requests.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body });
      listener(request, response);
    });
  };
  const server = certificate
    ? createTlsServer({ key: certificate.key, cert: certificate.cert }, record)
    : createHttpServer(record);
  const port = await listening(server);
  return { host: `127.0.0.1:${port}`, port, requests, close: () => closed(server) };
}

/** A registry with one image under the tags `latest` and `1`, in any repository; faults are asked first. */
export async function startRegistry(
  image: TestImage,
  faults: readonly Fault[] = [],
  certificate?: Certificate,
): Promise<TestServer> {
  const counts = new Map<string, number>();
  return startServer((request, response) => {
    const path = request.url ?? "";
    const seen = (counts.get(path) ?? 0) + 1;
    counts.set(path, seen);
    if (!faults.some((fault) => fault(request, response, seen))) answer(image, request, response);
  }, certificate);
}

function answer(image: TestImage, request: IncomingMessage, response: ServerResponse): void {
  const [, kind, id = ""] = /\/(manifests|blobs)\/(.*)$/.exec(request.url ?? "") ?? [];
  const isManifest = kind === "manifests" && ["latest", "1", image.manifestDigest].includes(id);
  if (isManifest) return void response.writeHead(200, { "content-type": ociManifestType }).end(image.manifest);
  const blob = kind === "blobs" ? { [image.layerDigest]: image.layer, [image.configDigest]: image.config }[id] : undefined;
  if (blob) return sendBlob(blob, request, response);
  response.writeHead(request.url === "/v2/" ? 200 : 404).end();
}

/** A blob as a registry sends it: whole, or from the byte that Range names. */
export function sendBlob(blob: Uint8Array, request: IncomingMessage, response: ServerResponse, upTo: number = blob.length): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const range = start > 0 ? { "content-range": `bytes ${start}-${blob.length - 1}/${blob.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { "content-length": blob.length - start, etag: `"${digestOf(blob)}"`, ...range });
  if (upTo === blob.length) return void response.end(blob.subarray(start));
  // All of it is with the kernel before the connection goes, so that what arrives does not depend on timing.
  response.write(blob.subarray(start, start + upTo), () => response.socket?.destroySoon());
}

/** An HTTP proxy for tests: connects whatever name is asked for with a port of this machine. */
export async function startProxy(ports: Readonly<Record<string, number>>): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = createHttpServer();
  const record = (request: IncomingMessage, target: string): number => {
    requests.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body: "" });
    // Nothing listens on port 1.
    return ports[target] ?? 1;
  };
  server.on("connect", (request: IncomingMessage, client) => {
    const upstream = connect(record(request, request.url ?? ""), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
    client.on("close", () => upstream.destroy());
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "");
    const port = record(request, `${url.hostname}:${url.port || 80}`);
    const { headers } = request;
    const upstream = httpRequest({ host: "127.0.0.1", port, path: url.pathname + url.search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on("error", () => response.writeHead(502).end());
    upstream.end();
  });
  const port = await listening(server);
  return { host: `127.0.0.1:${port}`, port, requests, close: () => closed(server) };
}

/** A certificate for these names, signed by itself; undefined when openssl is not there. */
export function makeCertificate(names: readonly string[]): Certificate | undefined {
  const folder = freshFolder();
  const [keyPath, certPath] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=deadweight test", "-addext", `subjectAltName=${names.join(",")}`, "-days", "2"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyPath, "-out", certPath];
  try {
    execFileSync("openssl", ["req", "-x509", ...key, ...subject], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return { keyPath, certPath, key: readFileSync(keyPath, "utf8"), cert: readFileSync(certPath, "utf8") };
}

/** Options with an environment of this test alone: no login, no proxy, no home. */
export function openOptions(changes: Partial<OpenOptions> = {}): OpenOptions {
  return {
    platform: { os: "linux", architecture: "amd64" },
    environment: {},
    temporaryFolder: "/nonexistent",
    signal: new AbortController().signal,
    insecure: [],
    ...changes,
  };
}

/** Waits that take no time and are written down. */
export function quickTiming(changes: Partial<Timing> = {}): Timing & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    stallMs: 5000,
    retryDelaysMs: [500, 1000, 2000, 4000],
    longestRetryMs: 60_000,
    helperMs: 5000,
    now: () => Date.parse("2026-01-02T03:04:05Z"),
    wait: (ms) => Promise.resolve(void waits.push(ms)),
    ...changes,
    waits,
  };
}

/** A folder with a Docker `config.json`, for DOCKER_CONFIG. */
export function dockerConfig(config: unknown): string {
  const folder = freshFolder();
  writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return folder;
}

/** Debian's docker-registry, with a login or with tokens. */
export interface RealRegistry {
  readonly host: string;
  readonly close: () => Promise<void>;
}

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The `auth` section for one user, with a file that htpasswd makes. */
export function htpasswdAuth(user: string, password: string): string {
  const file = join(freshFolder(), "htpasswd");
  writeFileSync(file, execFileSync("htpasswd", ["-Bbn", user, password]));
  return `auth:\n  htpasswd:\n    realm: deadweight\n    path: ${file}\n`;
}

/** Starts docker-registry on a free port and waits until it answers. */
export async function startRealRegistry(auth: string): Promise<RealRegistry> {
  const folder = freshFolder();
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  mkdirSync(join(folder, "data"));
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${join(folder, "data")}\n`;
  writeFileSync(join(folder, "config.yml"), `version: 0.1\nlog:\n  level: error\n${storage}http:\n  addr: ${host}\n${auth}`);
  const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = (): boolean => child.kill();
  process.once("exit", stop);
  await answering(port);
  return {
    host,
    close: async () => {
      process.removeListener("exit", stop);
      child.kill();
      await ended;
    },
  };
}

/** Pushes an image with skopeo, by way of an OCI layout in a folder. */
export async function pushWithSkopeo(image: TestImage, to: string, login: readonly string[]): Promise<void> {
  const folder = freshFolder();
  const blobs = join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  for (const bytes of [image.layer, image.config, image.manifest]) writeFileSync(join(blobs, digestOf(bytes).slice(7)), bytes);
  const descriptor = { mediaType: ociManifestType, digest: image.manifestDigest, size: image.manifest.length };
  writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  const copy = ["copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", ...login, `oci:${folder}`, `docker://${to}`];
  await promisify(execFile)("skopeo", ["--insecure-policy", ...copy]);
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.unref().end();
      socket.ref();
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("docker-registry does not answer");
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listening(server);
  await closed(server);
  return port;
}

function listening(server: TcpServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

function closed(server: TcpServer | Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
}
