import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { defaultLimits } from "../../../src/archive/limits.ts";
import type { Outgoing, OutgoingImage, Store } from "../../../src/contracts/store.ts";
import { completeImage } from "../../../src/image/complete.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { dockerArchive } from "../../../src/stores/docker-archive.ts";
import { dockerEngine } from "../../../src/stores/docker-engine.ts";
import { dockerRegistry } from "../../../src/stores/docker-registry.ts";
import { ociArchive } from "../../../src/stores/oci-archive.ts";
import { ociLayout } from "../../../src/stores/oci-layout.ts";
import { pushImage } from "../../../src/stores/registry/push-image.ts";
import { sha256 } from "../../support/archived-image.ts";
import { tarOf, type TestEntry } from "../../support/layers.ts";
import { openOptions } from "../../support/open-options.ts";
import { noise, outgoingImage, outgoingOf, readBack, writeOptions } from "../../support/outgoing.ts";
import { dockerConfig, htpasswdAuth, isInstalled, quickTiming, startRealRegistry } from "../../support/registry.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { run, without, withoutEngine } from "../../support/tools.ts";

const busybox = "/bin/busybox";
const withoutBusybox = existsSync(busybox) ? false : "busybox: not on this machine";

/** The program, and the libraries that it needs unless it is static. */
function programEntries(): readonly TestEntry[] {
  const listed = spawnSync("ldd", [busybox]).stdout?.toString() ?? "";
  const libraries = [...listed.matchAll(/(?:=> |^\s*)\/(\S+) \(0x/gm)].map(([, path = ""]) => path);
  return [busybox.slice(1), ...libraries].map((path) => ({ path, content: readFileSync(`/${path}`), mode: 0o755 }));
}

/** An image that greets: a program in a gzip layer, what it reads in another one, and 5 MB that can't be compressed. */
function greeting(compression: "zstd" | "gzip" = "zstd"): OutgoingImage {
  return outgoingImage(
    [
      { archive: tarOf(programEntries()), compression: "gzip" },
      {
        archive: tarOf([{ path: "etc/" }, { path: "etc/motd", content: "hello from three layers\n" }]),
        compression,
        isStream: true,
      },
      { archive: tarOf([{ path: "srv/" }, { path: "srv/noise", content: noise(5_000_000) }]) },
    ],
    { command: ["/bin/busybox", "cat", "/etc/motd"] },
  );
}

function write(store: Store, name: string, what: Outgoing, changes = {}): Promise<string> {
  assert.ok(store.write);
  return store.write(name, what, writeOptions(changes));
}

/** A name in the engine, gone when the test ends. */
function engineName(t: TestContext, name: string): string {
  const image = `deadweight-test/${name}:${process.pid}`;
  t.after(() => spawnSync("docker", ["rmi", "--force", image]));
  return image;
}

function assertGreets(image: string): void {
  const said = run("docker", ["run", "--rm", "--network", "none", image]).toString();
  assert.equal(said, "hello from three layers\n");
}

function engineLayers(image: string): readonly string[] {
  return JSON.parse(run("docker", ["inspect", "--format", "{{json .RootFS.Layers}}", image]).toString());
}

test("skopeo: an OCI folder and an OCI archive are copied with all digests, and into the engine, which runs it", async (t) => {
  const missing = without("skopeo") || withoutBusybox;
  if (missing) return t.skip(missing);
  // Debian's skopeo can't give zstd to an engine.
  const image = greeting("gzip");
  const folder = temporaryFolder();
  const references = [
    await write(ociLayout, join(folder, "layout:v1"), outgoingOf(image)),
    await write(ociArchive, join(folder, "x.tar:v1"), outgoingOf(image)),
  ];
  for (const [index, reference] of references.entries()) {
    const copy = join(folder, `copy-${index}`);
    run("skopeo", ["--insecure-policy", "copy", "--quiet", "--preserve-digests", reference, `dir:${copy}`]);
    assert.equal(`sha256:${sha256(readFileSync(join(copy, "manifest.json")))}`, image.manifest.descriptor.digest);
    for (const { descriptor } of image.layers)
      assert.equal(`sha256:${sha256(readFileSync(join(copy, descriptor.digest.slice(7))))}`, descriptor.digest);
  }
  if (withoutEngine()) return t.diagnostic("docker: no engine, not run");
  const name = engineName(t, "skopeo");
  run("skopeo", ["--insecure-policy", "copy", "--quiet", references[0] ?? "", `docker-daemon:${name}`]);
  assertGreets(name);
  return undefined;
});

test("skopeo: an index keeps all platforms", async (t) => {
  const missing = without("skopeo");
  if (missing) return t.skip(missing);
  const both = outgoingOf(
    outgoingImage([{ archive: tarOf([{ path: "a" }]) }]),
    outgoingImage([{ archive: tarOf([{ path: "b" }]) }], { architecture: "arm64" }),
  );
  const folder = temporaryFolder();
  const reference = await write(ociLayout, join(folder, "x:v1"), both);
  run("skopeo", [
    "--insecure-policy",
    "copy",
    "--quiet",
    "--all",
    "--preserve-digests",
    reference,
    `dir:${join(folder, "copy")}`,
  ]);
  assert.equal(`sha256:${sha256(readFileSync(join(folder, "copy/manifest.json")))}`, both.index?.descriptor.digest);
  assert.equal(readdirSync(join(folder, "copy")).filter((name) => name.endsWith(".manifest.json")).length, 2);
  return undefined;
});

test("umoci unpacks an OCI folder", async (t) => {
  const missing = without("umoci") || withoutBusybox;
  if (missing) return t.skip(missing);
  const folder = temporaryFolder();
  // Debian's umoci knows no zstd.
  await write(ociLayout, join(folder, "x:v1"), outgoingOf(greeting("gzip")));
  run("umoci", ["unpack", "--rootless", "--image", join(folder, "x:v1"), join(folder, "bundle")]);
  assert.equal(readFileSync(join(folder, "bundle/rootfs/etc/motd"), "utf8"), "hello from three layers\n");
  assert.ok(readFileSync(join(folder, "bundle/rootfs/bin/busybox")).equals(readFileSync(busybox)));
  return undefined;
});

test("docker load takes a docker-archive, runs it, and saves the same layers", async (t) => {
  const missing = withoutEngine() || withoutBusybox;
  if (missing) return t.skip(missing);
  const image = greeting();
  const name = engineName(t, "load");
  const path = join(temporaryFolder(), "x.tar");
  await write(dockerArchive, `${path}:${name}`, outgoingOf(image));
  assert.match(run("docker", ["load", "--input", path]).toString(), new RegExp(`Loaded image: ${name}`));
  assert.deepEqual(
    engineLayers(name),
    image.layers.map(({ diffId }) => diffId),
  );
  assertGreets(name);
  return undefined;
});

test("skopeo reads a docker-archive", async (t) => {
  const missing = without("skopeo") || withoutBusybox;
  if (missing) return t.skip(missing);
  const image = greeting();
  const folder = temporaryFolder();
  await write(dockerArchive, join(folder, "x.tar:team/app:1"), outgoingOf(image));
  run("skopeo", ["--insecure-policy", "copy", "--quiet", `docker-archive:${folder}/x.tar:team/app:1`, `oci:${folder}/copy:v1`]);
  const source = await ociLayout.open(join(folder, "copy:v1"), openOptions());
  const copied = await completeImage(source, { os: "linux", architecture: "amd64" }, defaultLimits);
  assert.deepEqual(
    copied.config.diffIds,
    image.layers.map(({ diffId }) => diffId),
  );
  return undefined;
});

test("the engine is given an image, runs it, refuses another of that name, and takes it with force", async (t) => {
  const missing = withoutEngine() || withoutBusybox;
  if (missing) return t.skip(missing);
  const image = greeting();
  const name = engineName(t, "engine");
  const folder = temporaryFolder();
  const options = { environment: process.env, temporaryFolder: folder };
  assert.equal(await write(dockerEngine, name, outgoingOf(image), options), `docker:${name}`);
  assert.deepEqual(
    engineLayers(name),
    image.layers.map(({ diffId }) => diffId),
  );
  assertGreets(name);
  const back = await readBack(await dockerEngine.open(name, openOptions({ environment: process.env })));
  assert.equal(back.image.digest, image.config.descriptor.digest);
  const other = outgoingOf(outgoingImage([{ archive: tarOf([{ path: "other", content: name }]) }]));
  await assert.rejects(write(dockerEngine, name, other, options), { code: "exists", exitCode: 2 });
  assertGreets(name);
  await write(dockerEngine, name, other, { ...options, force: true });
  assert.deepEqual(
    engineLayers(name),
    other.images[0]?.layers.map(({ diffId }) => diffId),
  );
  assert.deepEqual(readdirSync(folder), []);
  return undefined;
});

test("the engine refuses a layer that is not what the config says, and gets no name", async (t) => {
  const missing = withoutEngine();
  if (missing) return t.skip(missing);
  const image = outgoingImage([{ archive: tarOf([{ path: "a" }]), compression: "gzip" }]);
  const name = engineName(t, "wrong");
  const config = Buffer.from(
    Buffer.from(image.config.bytes)
      .toString()
      .replace(/sha256:\w{64}/, `sha256:${"0".repeat(64)}`),
  );
  const wrong = {
    ...image,
    config: { bytes: config, descriptor: { mediaType: "", digest: `sha256:${sha256(config)}`, size: config.length } },
  };
  await assert.rejects(write(dockerEngine, name, outgoingOf(wrong), { environment: process.env }), {
    code: "load-failed",
    message: /invalid diffID/,
  });
  assert.equal(run("docker", ["images", "--quiet", name]).toString(), "");
  return undefined;
});

test("Debian's docker-registry with htpasswd: pushed with the login, pulled by skopeo, mounted, refused", async (t) => {
  const absent = ["docker-registry", "htpasswd", "skopeo"].find((program) => !isInstalled(program));
  const missing = (absent !== undefined && `${absent}: not installed`) || withoutBusybox;
  if (missing) return t.skip(missing);
  const registry = await startRealRegistry(htpasswdAuth("user", "password"));
  t.after(() => registry.close());
  const auth = Buffer.from("user:password").toString("base64");
  const environment = { DOCKER_CONFIG: dockerConfig({ auths: { [registry.host]: { auth } } }) };
  const image = greeting();
  const name = `${registry.host}/team/app:1`;
  assert.equal(await write(dockerRegistry, name, outgoingOf(image), { environment }), `docker://${name}`);
  const folder = temporaryFolder();
  const pull = (what: string, to: string): Buffer =>
    run("skopeo", [
      "--insecure-policy",
      "copy",
      "--quiet",
      "--src-tls-verify=false",
      "--src-creds",
      "user:password",
      "--preserve-digests",
      `docker://${what}`,
      `dir:${join(folder, to)}`,
    ]);
  pull(name, "one");
  assert.equal(`sha256:${sha256(readFileSync(join(folder, "one/manifest.json")))}`, image.manifest.descriptor.digest);
  for (const { descriptor } of image.layers)
    assert.equal(`sha256:${sha256(readFileSync(join(folder, "one", descriptor.digest.slice(7))))}`, descriptor.digest);

  await assert.rejects(write(dockerRegistry, name, outgoingOf(image), { environment }), { code: "exists", exitCode: 2 });
  await assert.rejects(
    write(dockerRegistry, `${registry.host}/team/app:2`, outgoingOf(image)),
    (error) => error instanceof UserError && error.code === "unauthorized",
  );

  // A layer that only the registry can give: its own bytes are not to be had.
  const mounted = outgoingOf({
    ...image,
    layers: image.layers.map((layer) => ({
      ...layer,
      mountFrom: `${registry.host}/team/app`,
      bytes: { kind: "file" as const, path: "/nonexistent", offset: 0, size: layer.descriptor.size },
    })),
  });
  await write(dockerRegistry, `${registry.host}/other/app:1`, mounted, { environment });
  pull(`${registry.host}/other/app:1`, "mounted");
  assert.equal(`sha256:${sha256(readFileSync(join(folder, "mounted/manifest.json")))}`, image.manifest.descriptor.digest);
  return undefined;
});

test("Debian's docker-registry gets an index", async (t) => {
  const absent = ["docker-registry", "skopeo"].find((program) => !isInstalled(program));
  if (absent !== undefined) return t.skip(`${absent}: not installed`);
  const registry = await startRealRegistry("");
  t.after(() => registry.close());
  const both = outgoingOf(
    outgoingImage([{ archive: tarOf([{ path: "a" }]) }]),
    outgoingImage([{ archive: tarOf([{ path: "b" }]) }], { architecture: "arm64" }),
  );
  await write(dockerRegistry, `${registry.host}/app:1`, both);
  const folder = temporaryFolder();
  mkdirSync(join(folder, "copy"));
  run("skopeo", [
    "--insecure-policy",
    "copy",
    "--quiet",
    "--all",
    "--src-tls-verify=false",
    "--preserve-digests",
    `docker://${registry.host}/app:1`,
    `dir:${join(folder, "copy")}`,
  ]);
  assert.equal(`sha256:${sha256(readFileSync(join(folder, "copy/manifest.json")))}`, both.index?.descriptor.digest);
  return undefined;
});

/** A way to a port of this machine that breaks so many connections, each once so many bytes have gone there. */
async function startBreakingWay(
  t: TestContext,
  to: number,
  times: number,
  afterBytes: number,
): Promise<{ readonly host: string; broken: number }> {
  const way = { host: "", broken: 0 };
  const server = createServer((client) => {
    let sent = 0;
    const target = connect(to, "127.0.0.1");
    const end = (): void => void [client.destroy(), target.destroy()];
    client.on("data", (piece) => {
      sent += piece.length;
      target.write(piece);
      if (sent < afterBytes || way.broken === times) return;
      way.broken += 1;
      end();
    });
    target.on("data", (piece) => client.write(piece));
    for (const socket of [client, target]) socket.on("error", end).on("close", end);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  way.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return way;
}

// It can't tell how much of a broken PATCH it has ("upload resumed at wrong offset"), so that the upload begins anew.
test("Debian's docker-registry behind a connection that breaks twice", async (t) => {
  const absent = ["docker-registry", "skopeo"].find((program) => !isInstalled(program));
  if (absent !== undefined) return t.skip(`${absent}: not installed`);
  const registry = await startRealRegistry("");
  t.after(() => registry.close());
  const way = await startBreakingWay(t, Number(registry.host.split(":")[1]), 2, 8_000_000);
  const image = outgoingImage([{ archive: noise(30_000_000) }]);
  await pushImage(`${way.host}/app:1`, outgoingOf(image), writeOptions(), quickTiming());
  assert.equal(way.broken, 2);
  const source = await dockerRegistry.open(`${registry.host}/app:1`, openOptions());
  t.after(() => source.close());
  const { layers } = await readBack(source);
  assert.equal(`sha256:${sha256(layers[0] ?? "")}`, image.layers[0]?.descriptor.digest);
  return undefined;
});
