import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { render, type Change, type OptimizeOptions } from "../../src/index.ts";
import { folderOf, ociFrame, ociImage } from "../support/archived-image.ts";
import { commandLine } from "../support/command-line.ts";
import { tarOf } from "../support/layers.ts";
import { sampleOptimization } from "../support/sample-optimization.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Options = Omit<OptimizeOptions, "signal" | "onProgress" | "environment">;

/** What `optimize` is called with for a command line. */
async function calledWith(...argv: string[]): Promise<{ source: string; destination: string | undefined; options: Options }> {
  const calls: Awaited<ReturnType<typeof calledWith>>[] = [];
  const { code, stderr } = await commandLine(["optimize", ...argv], {
    toolkit: {
      optimize: (source, destination, { signal: _signal, onProgress: _onProgress, environment: _environment, ...options }) => {
        calls.push({ source, destination, options });
        return Promise.resolve(sampleOptimization);
      },
    },
  });
  assert.equal(code, 0, stderr);
  return calls[0] ?? assert.fail();
}

/** The exit code and what was said of a command line that is wrong. */
async function refused(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await commandLine(["optimize", ...argv], {
    toolkit: { optimize: () => assert.fail("it was called") },
  });
  assert.equal(code, 2, stderr);
  assert.equal(stdout, "");
  return stderr;
}

const usual: Options = {
  cache: true,
  insecure: [],
  level: "lossless",
  keep: [],
  rewriteBase: false,
  compression: "keep",
  validate: true,
  force: false,
};

test("GPUs, and what of other code is to stay", async () => {
  const gpus = { targets: [{ capability: 86, name: "RTX 3090" }], keepPtx: "none", includeVendor: false } as const;
  assert.deepEqual((await calledWith("x", "-o", "y", "--gpus", "RTX 3090")).options, { ...usual, gpus });
  const flags = ["--gpus", "sm_86", "--keep-ptx", "forward", "--include-vendor"];
  assert.deepEqual((await calledWith("x", "-o", "y", ...flags)).options, {
    ...usual,
    gpus: { targets: [{ capability: 86 }], keepPtx: "forward", includeVendor: true },
  });
  assert.match(await refused("x", "-o", "y", "--gpus", "RTX 3091"), /did you mean "RTX 3090" \(8\.6\)\?/);
  assert.match(await refused("x", "-o", "y", "--gpus", "8.6", "--keep-ptx", "some"), /Allowed choices are none, forward, all/);
  assert.match(await refused("x", "-o", "y", "--include-vendor"), /--include-vendor: no GPU was named/);
});

test("GPUs of a configuration count where none are named", async () => {
  const config = join(temporaryFolder(), "deadweight.yaml");
  writeFileSync(config, "gpus: [RTX 3090]\nservices: {}\n");
  const { options } = await calledWith("x", "-o", "y", "--config", config, "--keep-ptx", "all");
  assert.deepEqual(options, {
    ...usual,
    gpus: { targets: [{ capability: 86, name: "RTX 3090" }], keepPtx: "all", includeVendor: false },
  });
  const named = await calledWith("x", "-o", "y", "--config", config, "--gpus", "sm_75");
  assert.deepEqual(named.options.gpus?.targets, [{ capability: 75 }]);
});

test("the flags become options", async () => {
  assert.deepEqual(await calledWith("x", "-o", "oci:y"), { source: "x", destination: "oci:y", options: usual });
  assert.deepEqual(await calledWith("x", "--dry-run"), { source: "x", destination: undefined, options: usual });
  const flags =
    "--level verified --skip drop-shadowed --skip remove-caches --keep a/** --keep b --rewrite-base --force --no-validate";
  assert.deepEqual((await calledWith("x", "-o", "y", ...flags.split(" "), "--base", "debian:12")).options, {
    ...usual,
    level: "verified",
    skip: ["drop-shadowed", "remove-caches"],
    keep: ["a/**", "b"],
    rewriteBase: true,
    force: true,
    validate: false,
    base: "debian:12",
  });
  assert.deepEqual((await calledWith("x", "-o", "y", "--only", "drop-documentation")).options.only, ["drop-documentation"]);
});

test("one platform or all", async () => {
  assert.deepEqual((await calledWith("x", "-o", "y", "--platform", "linux/arm64")).options, {
    ...usual,
    platform: { os: "linux", architecture: "arm64" },
  });
  assert.deepEqual((await calledWith("x", "-o", "y", "--platform", "all")).options, { ...usual, allPlatforms: true });
  assert.match(await refused("x", "-o", "y", "--platform", "every"), /^error: platform every: /);
});

test("how layers are to be compressed", async () => {
  const compression = async (text: string): Promise<unknown> =>
    (await calledWith("x", "-o", "y", "--compression", text)).options.compression;
  assert.deepEqual(await compression("gzip"), { kind: "gzip", level: 6 });
  assert.deepEqual(await compression("zstd:19"), { kind: "zstd", level: 19 });
  assert.deepEqual(await compression("none"), { kind: "none", level: 0 });
  for (const wrong of ["lz4", "zstd:0", "gzip:10", "none:1", "zstd:", "gzip:x"]) {
    assert.match(await refused("x", "-o", "y", "--compression", wrong), /^error: compression .*\nhint: /, wrong);
  }
});

test("layers are only compressed otherwise when that is all that was asked for", async () => {
  const { options } = await calledWith("x", "-o", "y", "--only", "recompress", "--compression", "zstd");
  assert.deepEqual([options.only, options.compression], [[], { kind: "zstd", level: 3 }]);
  assert.match(
    await refused("x", "-o", "y", "--only", "recompress"),
    /^error: --only recompress: nothing says how\nhint: add --compression/,
  );
});

test("wrong usage is told before anything is read", async () => {
  assert.match(await refused("x"), /^error: optimize: no destination was given\nhint: say with -o /);
  assert.match(await refused("x", "-o", "y", "--only", "drop-shadow"), /hint: did you mean "drop-shadowed"\?/);
  assert.match(await refused("x", "-o", "y", "--level", "opt-in"), /Allowed choices are lossless, verified/);
  assert.match(await refused("x", "-o", "y", "--only", "remove-caches", "--skip", "drop-shadowed"), /cannot be used with/);
  assert.match(await refused("x", "-o", "y", "--changes", "/nonexistent/changes.json"), /could not write/);
});

test("the result alone is on standard output, in each format, and the changes in their file", async () => {
  const toolkit = { optimize: () => Promise.resolve(sampleOptimization) };
  for (const format of ["table", "json", "markdown"]) {
    const { stdout, stderr } = await commandLine(["optimize", "x", "-o", "y", "-f", format], { toolkit });
    assert.equal(stdout, render(sampleOptimization, format));
    assert.equal(stderr, "");
  }
  const path = join(temporaryFolder(), "changes.json");
  await commandLine(["optimize", "x", "-o", "y", "--changes", path], { toolkit });
  const saved = JSON.parse(readFileSync(path, "utf8")) as { changes: Change[]; source: { digest: string } };
  assert.deepEqual(saved.changes, sampleOptimization.changes);
  assert.equal(saved.source.digest, sampleOptimization.image.digest);
});

const environment = { XDG_CACHE_HOME: temporaryFolder() };
const big = Buffer.alloc(100_000, "x");

/** A layout with a file that a later layer removes. */
function wasteful(): string {
  const layers = [
    [
      { path: "a", content: big },
      { path: "b", content: "kept" },
    ],
    [{ path: ".wh.a" }, { path: "c" }],
  ];
  const { blobs, descriptor } = ociImage(layers.map(tarOf), { architecture: "amd64" });
  return folderOf([...ociFrame([descriptor]), ...blobs]);
}

test("an image is written smaller, and never over what is there without --force", async () => {
  const source = wasteful();
  const folder = temporaryFolder();
  const place = `oci:${join(folder, "out")}`;
  const argv = ["optimize", `oci:${source}`, "-o", place, "--platform", "linux/amd64", "-q", "-f", "json"];
  const first = await commandLine(argv, { environment });
  assert.equal(first.code, 0, first.stderr);
  const { before, predicted, after, changes } = JSON.parse(first.stdout) as typeof sampleOptimization;
  assert.deepEqual(
    changes.map(({ action, layer, path }) => [action, layer, path]),
    [
      ["remove", 0, "a"],
      ["remove", 1, "a"],
    ],
  );
  assert.equal(before.tarBytes - (after?.tarBytes ?? 0), 512 + 100_352 + 512);
  assert.deepEqual(predicted, after);
  const again = await commandLine(argv, { environment });
  assert.equal(again.code, 2);
  assert.match(again.stderr, /is there already/);
  assert.equal((await commandLine([...argv, "--force"], { environment })).code, 0);
  assert.deepEqual(readdirSync(folder), ["out"]);
});

test("a plan writes nothing", async () => {
  const source = wasteful();
  const before = readdirSync(source, { recursive: true });
  const { code, stdout } = await commandLine(["optimize", `oci:${source}`, "--dry-run", "--platform", "linux/amd64", "-q"], {
    environment,
  });
  assert.equal(code, 0);
  assert.match(stdout, /^drop-shadowed +101 kB +2 entries/m);
  assert.match(stdout, /^Nothing was written\.$/m);
  assert.deepEqual(readdirSync(source, { recursive: true }), before);
});

test("the shape of the layers is read, and a wrong one is told what there is", async () => {
  const layersOf = async (shape: string): Promise<unknown> =>
    (await calledWith("x", "-o", "y", "--layers", shape)).options.layers;
  assert.deepEqual(await layersOf("squash-own"), { kind: "squash-own" });
  assert.deepEqual(await layersOf("balance=8"), { kind: "balance", layers: 8 });
  assert.deepEqual(await layersOf("balance=vercel"), { kind: "limit", name: "vercel", layerBytes: 500_000_000 });
  const said = await refused("x", "-o", "y", "--layers", "flat");
  assert.match(said, /layers flat: there is no such shape/);
  assert.match(said, /balance=NAME with one of vercel, cloudflare/);
});
