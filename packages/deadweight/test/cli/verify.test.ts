import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { renderVerification, type Verdict, type Verification, type VerifyOptions } from "../../src/index.ts";
import { folderOf, ociFrame, sha256 } from "../support/archived-image.ts";
import { commandLine } from "../support/command-line.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Options = Omit<VerifyOptions, "signal" | "onProgress" | "environment">;

const digest = `sha256:${"a".repeat(64)}`;
const image = { reference: "x", digest, platform: { os: "linux", architecture: "amd64" } };

function resultOf(verdicts: readonly Verdict[], passed: boolean, missing: readonly string[] = []): Verification {
  return { schemaVersion: 1, tool: { name: "deadweight", version: "0" }, before: image, after: image, passed, verdicts, missing };
}

const same: Verdict = { check: "config", verdict: "same", reason: "3 settings" };
const different: Verdict = { check: "file-tree", verdict: "different", reason: "1 difference", details: ["a: gone"] };
const notRun: Verdict = { check: "device-code", verdict: "not-run", reason: "no GPU" };

test("the flags become options", async () => {
  const calls: { images: readonly string[]; options: Options }[] = [];
  const called = async (...argv: string[]): Promise<(typeof calls)[number]> => {
    const { code, stderr } = await commandLine(["verify", ...argv], {
      toolkit: {
        verify: (before, after, { signal: _signal, onProgress: _onProgress, environment: _environment, ...options }) => {
          calls.push({ images: [before, after], options });
          return Promise.resolve(resultOf([same], true));
        },
      },
    });
    assert.equal(code, 0, stderr);
    return calls.at(-1) ?? assert.fail();
  };
  const usual = { cache: true, insecure: [], isStatic: false, isRebuilt: false, expect: [], require: [] };
  assert.deepEqual(await called("a", "b"), { images: ["a", "b"], options: usual });
  const flags = "--static --rebuilt --changes c.json --expect var/** --expect tmp --require gpu --only config --no-cache";
  assert.deepEqual((await called("a", "b", ...flags.split(" "))).options, {
    ...usual,
    cache: false,
    isStatic: true,
    isRebuilt: true,
    changes: "c.json",
    expect: ["var/**", "tmp"],
    require: ["gpu"],
    only: ["config"],
  });
  assert.deepEqual((await called("a", "b", "--skip", "file-tree")).options.skip, ["file-tree"]);
  assert.equal((await called("a", "b", "--bandwidth", "12.5MB/s")).options.bitsPerSecond, 100e6);
});

test("exit codes: what could not be looked at is no success", async () => {
  const cases: readonly (readonly [Verification, number])[] = [
    [resultOf([same, notRun], true), 0],
    [resultOf([same, different], false), 1],
    [resultOf([same, notRun], false, ["gpu: no GPU"]), 1],
    [resultOf([notRun], false), 3],
    [resultOf([], false), 3],
  ];
  for (const [result, expected] of cases) {
    const { code } = await commandLine(["verify", "a", "b"], { toolkit: { verify: () => Promise.resolve(result) } });
    assert.equal(code, expected, JSON.stringify(result.verdicts));
  }
});

test("wrong usage is told before anything is read", async () => {
  const toolkit = { verify: () => assert.fail("it was called") };
  for (const argv of [
    ["a"],
    ["a", "b", "--only", "elf"],
    ["a", "b", "--require", "gpus"],
    ["a", "b", "--only", "config", "--skip", "x"],
  ]) {
    assert.equal((await commandLine(["verify", ...argv], { toolkit })).code, 2, argv.join(" "));
  }
});

test("the result in each format", async () => {
  const result = resultOf(
    [same, different, notRun, { check: "start-up", subject: "p50", verdict: "same", before: 1, after: 2, unit: "s" }],
    false,
  );
  for (const format of ["table", "json", "markdown"] as const) {
    const { stdout } = await commandLine(["verify", "a", "b", "-f", format], {
      toolkit: { verify: () => Promise.resolve(result) },
    });
    assert.equal(stdout, renderVerification(result, format));
  }
  assert.deepEqual(JSON.parse(renderVerification(result, "json")), result);
  const table = renderVerification(result, "table");
  assert.match(table, /^file-tree +different +1 difference$/m);
  assert.match(table, /^device-code +not-run +no GPU$/m);
  assert.match(table, /^start-up p50 +same +1 s, now 2 s$/m);
  assert.match(table, /^ {2}a: gone$/m);
  assert.match(table, /^Failed: 2 same, 1 different, 1 not run\.$/m);
  const markdown = renderVerification(result, "markdown");
  assert.match(markdown, /\*\*Failed: 2 same, 1 different, 1 not run\.\*\*/);
  assert.match(markdown, /<code>file-tree<\/code> \| \*\*different\*\*/);
});

const environment = {
  XDG_CACHE_HOME: temporaryFolder(),
  // Images of these tests are not to be run.
  DOCKER_HOST: "unix:///no/such/docker.sock",
  CONTAINER_HOST: "unix:///no/such/podman.sock",
};

/** An image in a layout, with these settings in its config. */
function layoutOf(entries: readonly TestEntry[], settings: object): string {
  const layer = tarOf(entries);
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: settings,
    rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created_by: "COPY . /" }],
  });
  const described = (mediaType: string, content: string | Uint8Array): object => ({
    mediaType,
    digest: `sha256:${sha256(content)}`,
    size: Buffer.byteLength(content),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: described("application/vnd.oci.image.config.v1+json", config),
    layers: [described("application/vnd.oci.image.layer.v1.tar", layer)],
  });
  const blobs = [config, manifest, layer].map((content) => ({ path: `blobs/sha256/${sha256(content)}`, content }));
  return `oci:${folderOf([...ociFrame([described("application/vnd.oci.image.manifest.v1+json", manifest)]), ...blobs])}`;
}

const site = "usr/lib/python3/dist-packages";
const settings = { Env: ["PATH=/usr/bin", "MODEL=/srv/model"], Entrypoint: ["/usr/bin/serve"], Cmd: ["--port", "80"] };
const good: readonly TestEntry[] = [
  { path: "usr/bin/serve", content: "#!/usr/bin/python3\nimport fast\n", mode: 0o755 },
  { path: "usr/bin/python3", content: dynamicElf({}), mode: 0o755 },
  { path: "usr/bin/ping", content: dynamicElf({}), mode: 0o755, xattrs: { "security.capability": "\u0001cap" } },
  { path: "etc/ssl/certs/ca-certificates.crt", content: "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n" },
  { path: `${site}/fast.abi3.so`, content: dynamicElf({ needed: ["libfast.so.1"], runpath: "$ORIGIN" }) },
  { path: `${site}/libfast.so.1`, content: dynamicElf({ soname: "libfast.so.1" }) },
  { path: "usr/share/doc/readme", content: "read me" },
];
const before = layoutOf(good, settings);

/** Names of the checks that differ, when the loss was on the list of changes, as an optimiser that errs would have it. */
async function caughtBy(after: readonly TestEntry[], changed: object = settings): Promise<readonly string[]> {
  const gone = good.filter(({ path }) => !after.some((entry) => entry.path === path));
  const changes = join(temporaryFolder(), "changes.json");
  writeFileSync(changes, JSON.stringify({ changes: gone.map(({ path }) => ({ path, action: "remove" })) }));
  const argv = [
    "verify",
    before,
    layoutOf(after, changed),
    "--static",
    "--changes",
    changes,
    "--platform",
    "linux/amd64",
    "-q",
    "-f",
    "json",
  ];
  const { code, stdout, stderr } = await commandLine(argv, { environment });
  assert.ok(code === 0 || code === 1, stderr);
  const { verdicts, passed } = JSON.parse(stdout) as Verification;
  const names = verdicts.filter(({ verdict }) => verdict === "different").map(({ check }) => check);
  assert.equal(passed, names.length === 0);
  assert.equal(code, passed ? 0 : 1);
  return names;
}

const without = (path: string): readonly TestEntry[] => good.filter((entry) => entry.path !== path);
const with_ = (path: string, change: Partial<TestEntry>): readonly TestEntry[] =>
  good.map((entry) => (entry.path === path ? { ...entry, ...change } : entry));

describe("broken candidates are caught, each by the check that should", () => {
  test("a removed shebang interpreter", async () => {
    assert.deepEqual(await caughtBy(without("usr/bin/python3")), ["interpreters", "reached-files"]);
  });

  test("certificate authorities gone", async () => {
    assert.deepEqual(await caughtBy(without("etc/ssl/certs/ca-certificates.crt")), ["certificates"]);
  });

  test("a changed mode on the entry point", async () => {
    const names = await caughtBy(with_("usr/bin/serve", { mode: 0o644 }));
    assert.deepEqual(names, ["file-tree", "interpreters", "modes-and-owners"]);
  });

  test("a lost file capability", async () => {
    const { xattrs: _xattrs, ...bare } = good[2] ?? assert.fail();
    const names = await caughtBy(good.map((entry) => (entry.path === bare.path ? bare : entry)));
    assert.deepEqual(names, ["file-tree", "modes-and-owners"]);
  });

  test("a lost environment variable", async () => {
    assert.deepEqual(await caughtBy(good, { ...settings, Env: ["PATH=/usr/bin"] }), ["config"]);
  });

  test("a Python module whose C extension lost its library", async () => {
    assert.deepEqual(await caughtBy(without(`${site}/libfast.so.1`)), ["elf-closure", "python-modules", "reached-files"]);
  });

  test("a removed entry point", async () => {
    assert.deepEqual(await caughtBy(without("usr/bin/serve")), ["interpreters", "reached-files"]);
  });
});

test("equal candidates pass, each time, and so does one that lost what nothing needs", async () => {
  for (let round = 0; round < 50; round++) assert.deepEqual(await caughtBy(round % 2 === 0 ? good : good.toReversed()), []);
  assert.deepEqual(await caughtBy(without("usr/share/doc/readme")), []);
});

test("a list of changes of another image is refused", async () => {
  const changes = join(temporaryFolder(), "changes.json");
  writeFileSync(changes, JSON.stringify({ source: { digest }, changes: [] }));
  const { code, stderr } = await commandLine(
    ["verify", before, before, "--changes", changes, "--platform", "linux/amd64", "-q"],
    { environment },
  );
  assert.equal(code, 2);
  assert.match(stderr, /^error: changes: they are of sha256:a+, and BEFORE is sha256:/);
  writeFileSync(changes, JSON.stringify({ changes: [{ path: "a", action: "eat" }] }));
  const wrong = await commandLine(["verify", before, before, "--changes", changes, "--platform", "linux/amd64", "-q"], {
    environment,
  });
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /changes\[0\] has no path, or an action that is none of remove, rewrite, link/);
});

test("a required check that is not run fails, and none alone is no success", async () => {
  const argv = ["verify", before, before, "--platform", "linux/amd64", "-q"];
  const required = await commandLine([...argv, "--require", "gpu"], { environment });
  assert.equal(required.code, 1);
  assert.match(required.stdout, /^Required, and not run: gpu: ./m);
  const alone = await commandLine([...argv, "--static", "--require", "gpu"], { environment });
  assert.equal(alone.code, 1);
  assert.match(alone.stdout, /^Required, and not run: gpu: gpu-memory was not chosen$/m);
  assert.equal((await commandLine([...argv, "--require", "config"], { environment })).code, 0);
  assert.equal((await commandLine([...argv, "--require", "config", "--skip", "config"], { environment })).code, 1);
  assert.equal((await commandLine([...argv, "--only", "device-code"], { environment })).code, 3);
});
