import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folderOf, ociFrame, ociImage, sha256 } from "../support/archived-image.ts";
import { commandLine } from "../support/command-line.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const environment = { XDG_CACHE_HOME: temporaryFolder() };

/** A layout of an image with these layers. */
function layoutOf(...layers: readonly (readonly TestEntry[])[]): string {
  const { blobs, descriptor } = ociImage(layers.map(tarOf), { architecture: "amd64" });
  return folderOf([...ociFrame([descriptor]), ...blobs]);
}

async function validated(layout: string, ...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return commandLine(["validate", `oci:${layout}`, "--platform", "linux/amd64", "-q", ...flags], { environment });
}

test("a sound image", async () => {
  const layout = layoutOf([{ path: "a", content: "one" }], [{ path: "b" }]);
  assert.deepEqual(await validated(layout), {
    code: 0,
    stdout: `oci:${layout} linux/amd64: sound, 2 layers checked\n`,
    stderr: "",
  });
});

test("all that is wrong is told, and ends with 1", async () => {
  const layout = layoutOf([{ path: "a" }, { path: "a" }, { path: "l", type: "hardlink", link: "gone" }]);
  const { code, stdout } = await validated(layout);
  assert.equal(code, 1);
  assert.match(stdout, /^path-once: layer 0: a: the layer stores it again: expected one entry, is two$/m);
  assert.match(stdout, /^link-target: layer 0: l: is a hard link to what is not stored before it: expected a file, is nothing$/m);
  assert.match(stdout, /: 2 violations$/m);
  const { violations } = JSON.parse((await validated(layout, "-f", "json")).stdout) as { violations: { invariant: string }[] };
  assert.deepEqual(violations.map(({ invariant }) => invariant).sort(), ["link-target", "path-once"]);
});

test("each layer that is not what its digest says", async () => {
  const layers: readonly (readonly TestEntry[])[] = [
    [{ path: "a", content: "one" }],
    [{ path: "b" }],
    [{ path: "c", content: "three" }],
  ];
  const layout = layoutOf(...layers);
  for (const layer of [layers[0] ?? [], layers[2] ?? []]) {
    const blob = join(layout, "blobs/sha256", sha256(tarOf(layer)));
    writeFileSync(blob, readFileSync(blob).fill("x", 512, 513));
  }
  const { code, stdout } = await validated(layout, "-f", "json");
  assert.equal(code, 1);
  const { violations } = JSON.parse(stdout) as { violations: { invariant: string; location: { layer: number } }[] };
  assert.deepEqual(
    violations.map(({ invariant, location }) => [invariant, location.layer]),
    [
      ["digest", 0],
      ["digest", 2],
    ],
  );
});

test("what is no image could not be looked at", async () => {
  assert.equal((await validated("/nonexistent/folder")).code, 3);
});
