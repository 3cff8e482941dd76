import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Optimization } from "../../src/index.ts";
import { optimize } from "../../src/pipeline/optimize.ts";
import { folderOf, ociFrame } from "../support/archived-image.ts";
import { startContainerd } from "../support/containerd.ts";
import { tagBase } from "../support/e2e-base.ts";
import { thorough } from "../support/e2e-optimized.ts";
import { buildImage, engineName, missingTools } from "../support/e2e-system.ts";
import { attestationOf, imageFor, indexOf } from "../support/indexed-images.ts";
import { tarOf } from "../support/layers.ts";
import { isInstalled, startRealRegistry } from "../support/registry.ts";
import { assertPredicted } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { run, without } from "../support/tools.ts";
import { differingPaths, manifestIn, treeByEngine, treeByUmoci } from "../support/unpacked-tree.ts";

/** What an author wasted in many ways; what is random can't be compressed. */
const steps = `
RUN mkdir -p /opt/app && dd if=/dev/urandom of=/opt/app/model bs=1M count=2 && ln /opt/app/model /opt/app/second && mkfifo /opt/app/pipe
RUN dd if=/dev/urandom of=/opt/late bs=1M count=1 && seq 1 100000 > /opt/numbers && echo hidden > /opt/secret
RUN rm /opt/late /opt/secret && mkdir -p /root/.cache/pip/http-v2/a && dd if=/dev/urandom of=/root/.cache/pip/http-v2/a/b.body bs=1M count=1
RUN chown -R 7:7 /opt/app && chmod 4755 /opt/numbers && mknod /opt/null c 1 3 && ln -s /opt/numbers "/opt/ä b"
RUN echo left > /tmp/left && dd if=/dev/urandom of=/opt/again bs=1k count=64 && cp -p /opt/again /opt/twice
RUN mkdir -p /srv/far && chmod 750 /srv/far && chown 7:7 /srv/far && cp -p /opt/again /srv/far/thrice
CMD ["sh", "-c", "wc -l < /opt/numbers; ls /opt | wc -l"]
`;

/** Paths that a container no longer sees at the level `verified`. */
const dropped = ["root/.cache/pip/http-v2/a/b.body", "tmp/left"];

/** Builds the image in the engine; it goes when the test ends. */
function built(t: TestContext, wasted: string = steps, from?: string): string {
  return buildImage(t, wasted, from);
}

/** All paths that differ are among the changes; where an entry became a link, the file that it leads to has another name. */
function assertListed(paths: readonly string[], { changes }: Optimization): void {
  const listed = new Set(changes.map(({ path }) => path));
  const targets = changes.filter(({ action }) => action === "link").map(({ reason }) => reason);
  assert.deepEqual(
    paths.filter((path) => !listed.has(path) && !targets.some((reason) => reason.includes(path))),
    [],
  );
}

test("umoci and the engine see the same tree before and after, but for the paths in the list of changes", async (t) => {
  const reason = missingTools();
  if (reason) return t.skip(reason);
  const image = built(t);
  const folder = temporaryFolder();
  run("skopeo", ["--insecure-policy", "copy", "--quiet", `docker-daemon:${image}`, `oci:${folder}/before:x`]);
  const inFolder = await optimize(`oci:${folder}/before:x`, `oci:${folder}/after:x`, thorough());
  assertPredicted(inFolder);
  const unpacked = [treeByUmoci(join(folder, "before:x")), treeByUmoci(join(folder, "after:x"))] as const;
  // Three equal files of two layers became one: a link is a change of all. The chown had torn two names of a file apart.
  const links = ["opt/again", "opt/app/model", "opt/app/second", "opt/twice", "srv/far/thrice"];
  assert.deepEqual(differingPaths(...unpacked), [...links, ...dropped].sort());
  assertListed(differingPaths(...unpacked), inFolder);
  const small = engineName(t, "small");
  const inEngine = await optimize(`docker:${image}`, `docker:${small}`, thorough());
  assertPredicted(inEngine);
  assert.deepEqual(differingPaths(treeByEngine(image), treeByEngine(small)), [...links, ...dropped].sort());
  for (const name of [image, small])
    assert.equal(run("docker", ["run", "--rm", "--network", "none", name]).toString().replaceAll(" ", ""), "100000\n6\n");
  return undefined;
});

test("the same image in every store, which skopeo reads and copies to the engine", async (t) => {
  const reason = missingTools() || (isInstalled("docker-registry") ? false : "docker-registry: not on this machine");
  if (reason) return t.skip(reason);
  const image = built(t);
  const folder = temporaryFolder();
  const registry = await startRealRegistry("");
  t.after(registry.close);
  const name = engineName(t, "everywhere");
  const places = [
    [`oci:${folder}/layout:x`, `oci:${folder}/layout:x`],
    [`oci-archive:${folder}/oci.tar:x`, `oci-archive:${folder}/oci.tar:x`],
    [`docker-archive:${folder}/docker.tar:${name}`, `docker-archive:${folder}/docker.tar:${name}`],
    [`docker:${name}`, `docker-daemon:${name}`],
    [`docker://${registry.host}/small:x`, `docker://${registry.host}/small:x`],
  ] as const;
  const configs: string[] = [];
  for (const [destination, bySkopeo] of places) {
    const { result } = await optimize(`docker:${image}`, destination, thorough());
    assert.ok(result !== undefined, destination);
    const inspect = ["--insecure-policy", "inspect", "--tls-verify=false", "--config", "--raw", bySkopeo];
    configs.push(run("skopeo", inspect).toString());
    const copied = engineName(t, "copied");
    run("skopeo", ["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", bySkopeo, `docker-daemon:${copied}`]);
    assert.match(run("docker", ["run", "--rm", "--network", "none", copied]).toString(), /^100000\n/, destination);
  }
  assert.equal(new Set(configs).size, 1);
  return undefined;
});

test("an index of two platforms with an attestation is pulled by all tools after it was rewritten", async (t) => {
  const programs = ["docker-registry", "containerd", "ctr"].find((program) => !isInstalled(program));
  const reason = missingTools() || (programs === undefined ? false : `${programs}: not on this machine`);
  if (reason) return t.skip(reason);
  const registry = await startRealRegistry("");
  t.after(registry.close);
  const containerd = await startContainerd();
  t.after(containerd.close);
  const files = (architecture: string): readonly Uint8Array[] =>
    [
      [{ path: "etc/" }, { path: "big", content: Buffer.alloc(100_000, "x") }, { path: "keep", content: "kept" }],
      [{ path: ".wh.big" }, { path: "arch", content: architecture }],
    ].map(tarOf);
  const [amd64, arm64] = [imageFor("amd64", files("amd64")), imageFor("arm64", files("arm64"))];
  const index = indexOf([amd64, arm64, attestationOf(amd64, "{}")]);
  const { platform: _, ...options } = thorough({ level: "lossless" });
  const name = `${registry.host}/platforms/small:x`;
  const source = folderOf([...ociFrame([index.descriptor]), ...index.blobs]);
  const { platforms, omissions } = await optimize(`oci:${source}`, `docker://${name}`, options);
  assert.equal(platforms?.length, 2);
  assert.equal(omissions.length, 1);
  const layout = join(temporaryFolder(), "all");
  run("skopeo", [
    "--insecure-policy",
    "copy",
    "--all",
    "--quiet",
    "--src-tls-verify=false",
    `docker://${name}`,
    `oci:${layout}:x`,
  ]);
  for (const architecture of ["amd64", "arm64"]) {
    const one = join(temporaryFolder(), architecture);
    const from = ["--insecure-policy", "--override-arch", architecture, "copy", "--quiet", "--src-tls-verify=false"];
    run("skopeo", [...from, `docker://${name}`, `oci:${one}:x`]);
    assert.deepEqual(Object.keys(treeByUmoci(`${one}:x`)).sort(), ["arch", "etc", "keep"]);
  }
  containerd.pull(name, true);
  assert.deepEqual(Object.keys(containerd.tree(name)).sort(), ["arch", "etc", "keep"]);
  t.after(() => spawnSync("docker", ["rmi", "--force", name]));
  run("docker", ["pull", "--quiet", name]);
  assert.deepEqual(Object.keys(treeByEngine(name)).sort(), ["arch", "keep"]);
  const again = await optimize(`docker://${name}`, `docker://${name}-again`, options);
  assert.deepEqual([again.changes, again.omissions], [[], []]);
  return undefined;
});

test("what was removed is in no blob of the result, and untouched layers keep their digests", async (t) => {
  const reason = missingTools();
  if (reason) return t.skip(reason);
  const image = built(t, steps.replace("echo hidden", "echo canary-3141592653"));
  const folder = temporaryFolder();
  run("skopeo", ["--insecure-policy", "copy", "--quiet", `docker-daemon:${image}`, `oci:${folder}/before:x`]);
  const { changes } = await optimize(`oci:${folder}/before:x`, `oci:${folder}/after:x`, thorough({ level: "lossless" }));
  const search = `for blob in $(find "$1" -type f); do { cat "$blob"; gzip -dcq "$blob" 2> /dev/null; }; done | grep -c canary`;
  const found = (layout: string): string =>
    spawnSync("sh", ["-c", search, "sh", join(folder, layout)])
      .stdout.toString()
      .trim();
  assert.notEqual(found("before"), "0");
  assert.match(readFileSync(join(folder, "after", "index.json"), "utf8"), /manifests/);
  const [before, after] = [manifestIn(join(folder, "before")), manifestIn(join(folder, "after"))];
  assert.equal(before.layers.length, after.layers.length);
  const touched = new Set(changes.map(({ layer }) => layer));
  const untouched = before.layers.filter((_, layer) => !touched.has(layer));
  assert.ok(untouched.length > 0);
  assert.deepEqual(
    after.layers.filter((_, layer) => !touched.has(layer)),
    untouched,
  );
  const blobs = spawnSync("sh", ["-c", search, "sh", join(folder, "after/blobs")])
    .stdout.toString()
    .trim();
  // The config's history tells the command that made it.
  assert.equal(blobs, "1");
  return undefined;
});

test("a layer that is compressed with gzip or zstd is predicted and stays so, and all can be compressed anew", async (t) => {
  const reason = missingTools();
  if (reason) return t.skip(reason);
  const image = built(t);
  const folder = temporaryFolder();
  for (const format of ["gzip", "zstd"]) {
    const source = `oci:${folder}/${format}`;
    run("skopeo", ["--insecure-policy", "copy", "--quiet", "--dest-compress-format", format, `docker-daemon:${image}`, source]);
    const optimization = await optimize(source, `oci:${folder}/${format}-after`, thorough());
    assertPredicted(optimization);
    run("skopeo", ["--insecure-policy", "inspect", `oci:${folder}/${format}-after`]);
  }
  const zstd = { kind: "zstd", level: 3 } as const;
  const { result } = await optimize(`oci:${folder}/gzip`, `oci:${folder}/recompressed`, thorough({ compression: zstd }));
  assert.equal(result?.isCopy, false);
  const types = run("skopeo", ["--insecure-policy", "inspect", "--raw", `oci:${folder}/recompressed`]).toString();
  assert.doesNotMatch(types, /gzip/);
  return undefined;
});

test("a Debian system keeps its tree, with what its own layers waste gone", async (t) => {
  const reason = missingTools() || without("debootstrap");
  if (reason) return t.skip(reason);
  const debian = engineName(t, "debian-base");
  await tagBase(debian);
  const wasted = `
RUN rm -rf /usr/share/locale && chown -R daemon:daemon /usr/share/perl5
RUN mkdir -p /root/.cache/pip && seq 1 300000 > /root/.cache/pip/selfcheck.json && dpkg --audit`;
  const image = built(t, wasted, `FROM ${debian}`);
  const small = engineName(t, "debian");
  const optimization = await optimize(`docker:${image}`, `docker:${small}`, thorough());
  assertPredicted(optimization);
  const paths = differingPaths(treeByEngine(image), treeByEngine(small));
  assertListed(paths, optimization);
  const checks = ["dpkg", "--audit"];
  assert.equal(run("docker", ["run", "--rm", "--network", "none", small, ...checks]).toString(), "");
  return undefined;
});

test("a wasteful image comes out as large as the same one written properly, within 3 %", async (t) => {
  const reason = missingTools();
  if (reason) return t.skip(reason);
  const model = "dd if=/dev/urandom of=/opt/model bs=1M count=2 && dd if=/dev/urandom of=/opt/table bs=1M count=1";
  const download = "mkdir -p /root/.cache/pip/http-v2 && dd if=/dev/urandom of=/root/.cache/pip/http-v2/wheel.body bs=1M count=2";
  const wasteful = `
RUN mkdir -p /opt && ${model} && cp -p /opt/table /opt/copy && ${download} && dd if=/dev/urandom of=/opt/source.tar bs=1M count=2
RUN rm /opt/source.tar
RUN chown 7:7 /opt/model`;
  const proper = `
RUN mkdir -p /opt && ${model} && chown 7:7 /opt/model && ln /opt/table /opt/copy`;
  const sizes: number[] = [];
  for (const steps of [wasteful, proper]) {
    const image = built(t, steps);
    const place = `oci:${temporaryFolder()}/x`;
    const { after } = await optimize(`docker:${image}`, place, thorough());
    sizes.push(after?.tarBytes ?? 0);
  }
  const [own = 0, expected = 0] = sizes;
  assert.ok(Math.abs(own - expected) / expected <= 0.03, `${own} bytes, and ${expected} when written properly`);
  return undefined;
});
