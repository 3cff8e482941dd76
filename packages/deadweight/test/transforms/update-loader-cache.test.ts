import assert from "node:assert/strict";
import { test } from "node:test";
import { debianEntries } from "../support/installed.ts";
import type { TestEntry } from "../support/layers.ts";
import { listedIn, loaderCache } from "../support/loader-cache.ts";
import { planned, type PlanningOptions } from "../support/planning.ts";

const path = "etc/ld.so.cache";
const system = debianEntries([
  { name: "libc6", essential: true, files: ["usr/lib/libc.so.6"] },
  { name: "gcc", section: "devel", depends: "libcc1-0", files: ["usr/bin/gcc"] },
  {
    name: "libcc1-0",
    section: "libs",
    automatic: true,
    files: ["usr/lib/libcc1.so.0.0.0", "usr/lib/libcc1.so.0 -> libcc1.so.0.0.0"],
  },
]);
const folders: readonly TestEntry[] = [{ path: "lib", type: "symlink", link: "usr/lib" }];
const cached = (content: string | Uint8Array): TestEntry => ({ path, content });

function cacheAfter(content: string | Uint8Array, options: PlanningOptions = { only: ["remove-packages"] }): Uint8Array {
  const { after } = planned([[...folders, ...system, cached(content)]], options);
  return Buffer.from(after[0]?.find((entry) => entry.path === path)?.content ?? "");
}

test("a library that goes is listed no more, by its own path or through a folder's link", () => {
  const cache = loaderCache(["/lib/libcc1.so.0", "/usr/lib/libcc1.so.0", "/usr/lib/libc.so.6", "/opt/not/there.so.1"]);
  assert.deepEqual(listedIn(cacheAfter(cache)), ["/usr/lib/libc.so.6", "/opt/not/there.so.1"]);
});

test("a cache stays when nothing goes that it lists, when it is kept, or when it can't be read, which is said", () => {
  const cache = loaderCache(["/usr/lib/libcc1.so.0", "/usr/lib/libc.so.6"]);
  const other = loaderCache(["/usr/lib/libc.so.6"]);
  assert.deepEqual(cacheAfter(other), other);
  assert.deepEqual(cacheAfter(cache, { only: ["remove-caches"] }), cache);
  assert.deepEqual(cacheAfter(cache, { only: ["remove-packages"], keep: [path] }), cache);
  const { plan } = planned([[...folders, ...system, cached("a text")]], { only: ["remove-packages"] });
  assert.deepEqual(plan.notes, ["/etc/ld.so.cache lists libraries that go: it is of another form"]);
});
