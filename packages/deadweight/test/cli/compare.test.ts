import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BuiltDockerfile, SizeComparison } from "../../src/index.ts";
import { folderOf, ociFrame, ociImage } from "../support/archived-image.ts";
import { commandLine } from "../support/command-line.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { sampleBuild } from "../support/sample-build.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const environment = { XDG_CACHE_HOME: temporaryFolder() };

function layoutOf(...layers: readonly (readonly TestEntry[])[]): string {
  const { blobs, descriptor } = ociImage(layers.map(tarOf), { architecture: "amd64" });
  return `oci:${folderOf([...ociFrame([descriptor]), ...blobs])}`;
}

const base: readonly TestEntry[] = [{ path: "a", content: Buffer.alloc(100_000) }];
const cache: TestEntry = { path: "root/.cache/pip/selfcheck/x", content: Buffer.alloc(20_000) };
const before = layoutOf(base, [{ path: "b", content: "b" }]);
const after = layoutOf(base, [{ path: "b", content: "bb" }, cache]);

async function said(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return commandLine(["compare", ...argv, "--platform", "linux/amd64", "-q"], { environment });
}

test("two images in each format", async () => {
  const table = await said(before, after, "--bandwidth", "8kbit");
  assert.equal(table.code, 0, table.stderr);
  assert.match(table.stdout, /^Unpacked +104 kB +125 kB +\+21\.0 kB +\+20%$/m);
  assert.match(table.stdout, /^changed +2\.05 kB +23\.0 kB +\+21\.0 kB/m);
  assert.match(table.stdout, /^1 layer the same$/m);
  assert.match(table.stdout, /^new +cache +pip/m);
  assert.match(table.stdout, /^Update from before +23\.0 kB +23 s$/m);
  const json = JSON.parse((await said(before, after, "-f", "json")).stdout) as SizeComparison;
  assert.deepEqual(
    json.layers.map(({ change }) => change),
    ["same", "changed"],
  );
  assert.equal(json.after.totals.tarBytes - json.before.totals.tarBytes, 512 + 20_480);
  assert.equal(
    json.components.reduce((sum, { after: now }) => sum + (now?.tarBytes ?? 0), 0),
    json.after.totals.tarBytes,
  );
  const markdown = (await said(before, after, "-f", "markdown")).stdout;
  assert.match(markdown, /^### deadweight compare: <code>oci:/);
  assert.match(markdown, /^\| Unpacked \| 104 kB \| 125 kB \| \+21\.0 kB \| \+20% \|$/m);
});

test("gates: growth, a kind of component, a rule's find", async () => {
  assert.equal((await said(before, after, "--fail-on", "growth=21kB", "--budget", "cache=1MB")).code, 0);
  const failed = await said(before, after, "--fail-on", "growth=1kB", "--budget", "pip-cache=0", "--budget", "cuda=0");
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^gate failed: growth: 21\.0 kB more \(104 kB to 125 kB\), at most 1\.00 kB may be$/m);
  assert.match(failed.stderr, /^gate failed: budget pip-cache: 2\d\.\d kB is 2\d\.\d kB over 0 B$/m);
  assert.equal(failed.stderr.trim().split("\n").length, 2);
});

test("a saved analysis and a saved comparison are baselines", async () => {
  const folder = temporaryFolder();
  const compared = await said(before, after, "-f", "json");
  const analysed = await commandLine(["analyze", after, "--platform", "linux/amd64", "-q", "-f", "json"], {
    environment,
    toolkit: {},
    analyze: (await import("../../src/index.ts")).analyze,
  });
  for (const [name, text] of [
    ["compared.json", compared.stdout],
    ["analysed.json", analysed.stdout],
  ] as const) {
    const file = join(folder, name);
    writeFileSync(file, text);
    const again = await said(after, "--baseline", file, "-f", "json", "--fail-on", "growth=0");
    assert.equal(again.code, 0, again.stderr);
    const { components, layers } = JSON.parse(again.stdout) as SizeComparison;
    assert.ok(
      components.every(({ change }) => change === "same"),
      name,
    );
    assert.ok(
      layers.every(({ change }) => change === "same"),
      name,
    );
  }
  writeFileSync(join(folder, "other.json"), '{"transfer": {}}');
  const refused = await said(after, "--baseline", join(folder, "other.json"));
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /could not read the baseline .*: it is no comparison of this version/);
});

test("how long builds took, where a record names the images", async () => {
  const { before: old, after: now } = JSON.parse((await said(before, after, "-f", "json")).stdout) as SizeComparison;
  const built = (imageId: string, durationMs: number): BuiltDockerfile => ({
    ...sampleBuild.original,
    image: { ...sampleBuild.original.image, imageId, durationMs },
  });
  const record = join(temporaryFolder(), "app.json");
  const original = built(old.image.digest, 130_000);
  writeFileSync(record, JSON.stringify({ ...sampleBuild, original, candidate: built(now.image.digest, 8000) }));
  const { code, stdout, stderr } = await said(before, after, "--record", record);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Build time +2 min 10 s +8\.0 s +-2 min 2 s +-94%$/m);
  assert.match(stdout, /^Build after: 1 of 2 steps came from the builder's cache$/m);
  const json = JSON.parse((await said(before, after, "--record", record, "-f", "json")).stdout) as SizeComparison;
  assert.deepEqual(json.before.build, { durationMs: 130_000, steps: 2, cachedSteps: 1 });
  const markdown = (await said(before, after, "--record", record, "-f", "markdown")).stdout;
  assert.match(markdown, /^\| Build time \| 2 min 10 s \| 8\.0 s \|/m);
  writeFileSync(record, JSON.stringify({ ...sampleBuild, original, candidate: undefined }));
  const half = await said(before, after, "--record", record, "-f", "markdown");
  assert.match(half.stdout, /^\| Build time \| 2 min 10 s \| {2}\| {2}\| {2}\|$/m);
  writeFileSync(record, JSON.stringify(sampleBuild));
  assert.doesNotMatch((await said(before, after, "--record", record)).stdout, /Build/);
  assert.equal((await said(before, after, "--record", `${record}.none`)).code, 2);
});

test("wrong usage", async () => {
  for (const argv of [
    [before],
    [before, after, after],
    [before, after, "--baseline", "x"],
    [before, after, "--bandwidth", "fast"],
    [before, after, "--fail-on", "pip-cache"],
    [before, after, "--budget", "pip-cahce=0"],
  ]) {
    const { code, stderr } = await said(...argv);
    assert.equal(code, 2, argv.join(" "));
    assert.match(stderr, /^hint: /m);
  }
});
