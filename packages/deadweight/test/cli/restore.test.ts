import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { RestoreOptions } from "../../src/index.ts";
import { folderOf, ociFrame, ociImage } from "../support/archived-image.ts";
import { commandLine } from "../support/command-line.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const environment = { XDG_CACHE_HOME: temporaryFolder() };
const full: readonly TestEntry[] = [{ path: "opt/" }, { path: "opt/a", content: "one" }, { path: "opt/b", content: "two" }];

function layoutOf(layer: readonly TestEntry[]): string {
  const { blobs, descriptor } = ociImage([tarOf(layer)], { architecture: "amd64" });
  return `oci:${folderOf([...ociFrame([descriptor]), ...blobs])}`;
}

function restored(...argv: string[]): ReturnType<typeof commandLine> {
  return commandLine(["restore", ...argv, "--platform", "linux/amd64", "-q"], { environment });
}

test("what was brought back is told in a line, and that there was nothing to do", async () => {
  const from = layoutOf(full);
  const into = layoutOf(full.slice(0, 2));
  assert.deepEqual(await restored(into, "opt", "--from", from), {
    code: 0,
    stdout: `${into}: 1 path brought back in a layer of 2.56 kB, 2.56 kB as it is stored\n2 paths were there as asked\n`,
    stderr: "",
  });
  assert.deepEqual(await restored(into, "opt/b", "--from", from), {
    code: 0,
    stdout: `nothing to do: 1 path of ${into} is as in the other image\n`,
    stderr: "",
  });
});

test("as JSON", async () => {
  const output = `oci:${join(temporaryFolder(), "out")}`;
  const { code, stdout } = await restored(layoutOf([]), "/opt", "--from", layoutOf(full), "-o", output, "-f", "json");
  assert.equal(code, 0);
  const { schemaVersion, reference, restored: paths } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([schemaVersion, reference, paths], [1, output, ["opt", "opt/a", "opt/b"]]);
});

test("a path that is not there ends with 2, and so does a command line without the other image", async () => {
  const wrong = await restored(layoutOf([]), "opt/c", "--from", layoutOf(full));
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /path "opt\/c": oci:.* has none of that name/);
  assert.match(wrong.stderr, /did you mean "opt\/a"\?/);
  const { code, stderr } = await commandLine(["restore", "x", "path"]);
  assert.equal(code, 2);
  assert.match(stderr, /required option '--from <image>' not specified/);
});

test("the flags become options", async () => {
  const calls: unknown[] = [];
  const restore = (into: string, { signal: _s, onProgress: _o, environment: _e, ...options }: RestoreOptions): Promise<never> => {
    calls.push({ into, options });
    return Promise.reject(new Error("seen"));
  };
  await commandLine(["restore", "x", "a", "b", "--from", "y", "-o", "z", "--force", "--no-cache"], { toolkit: { restore } });
  const options = { insecure: [], cache: false, from: "y", paths: ["a", "b"], force: true, output: "z" };
  assert.deepEqual(calls, [{ into: "x", options }]);
});
