import assert from "node:assert/strict";
import { test } from "node:test";
import { staticLibraries } from "../../src/rules/static-libraries.ts";
import { debianEntries, pythonEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

const file = (path: string): { path: string; content: string } => ({ path, content: path });

test("archives by name: system, Python's, wheels', CUDA's and Go's", () => {
  const facts = factsOf([
    [
      "usr/lib/x86_64-linux-gnu/libz.a",
      "usr/local/lib/python3.11/config-3.11-x86_64-linux-gnu/libpython3.11.a",
      "usr/local/lib/python3.11/site-packages/numpy/core/lib/libnpymath.a",
      "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas_static.a",
      "usr/local/go/pkg/linux_amd64/fmt.a",
    ].map(file),
  ]);
  const [finding, ...more] = findingsOf(staticLibraries, facts);
  assert.equal(more.length, 0);
  assert.equal(finding?.safety, "verified");
  assert.equal(finding?.claims.length, 5);
  assert.match(finding?.message ?? "", /^5 static libraries in \/usr\/lib\/x86_64-linux-gnu\/libz.a, /);
});

test("other files, folders and other endings are left alone", () => {
  const facts = factsOf([
    [file("srv/data.a"), file("usr/lib/libz.so.1"), file("opt/liba/readme"), { path: "opt/libb.a/" }, file("opt/libb.a/readme")],
  ]);
  assert.deepEqual(claimedBy(staticLibraries, facts), []);
});

test("a compiler that torch calls needs its own archives, and no others", () => {
  const facts = factsOf([
    debianEntries([
      { name: "gcc", files: ["usr/bin/gcc", "usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a"] },
      { name: "libc6-dev", section: "libdevel", files: ["usr/lib/x86_64-linux-gnu/libc_nonshared.a"] },
      { name: "zlib1g-dev", section: "libdevel", files: ["usr/lib/x86_64-linux-gnu/libz.a"] },
    ]),
    pythonEntries("torch", "2.5.1"),
    [file("usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas_static.a")],
  ]);
  const [idle, needed] = findingsOf(staticLibraries, facts);
  assert.deepEqual(idle && claimedPaths(idle, facts), [
    "0:usr/lib/x86_64-linux-gnu/libz.a",
    "2:usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas_static.a",
  ]);
  assert.equal(needed?.safety, "opt-in");
  assert.deepEqual(needed && claimedPaths(needed, facts), [
    "0:usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a",
    "0:usr/lib/x86_64-linux-gnu/libc_nonshared.a",
  ]);
  assert.match(needed?.message ?? "", /needed where torch calls g\+\+/);
});

test("torch without a compiler in the image needs none", () => {
  const facts = factsOf([[file("usr/lib/libz.a")], pythonEntries("torch", "2.5.1")]);
  assert.deepEqual(
    findingsOf(staticLibraries, facts).map(({ safety }) => safety),
    ["verified"],
  );
});
