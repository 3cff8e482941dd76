import assert from "node:assert/strict";
import { test } from "node:test";
import { isDigest } from "../../src/model/digest.ts";
import { parsePlatform, printPlatform } from "../../src/model/platform.ts";

test("a platform as people write it, and back", () => {
  assert.deepEqual(parsePlatform("linux/amd64"), { os: "linux", architecture: "amd64" });
  assert.deepEqual(parsePlatform("linux/arm/v7"), { os: "linux", architecture: "arm", variant: "v7" });
  for (const text of ["linux/amd64", "linux/arm64/v8", "windows/amd64"])
    assert.equal(printPlatform(parsePlatform(text) ?? { os: "", architecture: "" }), text);
});

test("what is no platform", () => {
  for (const text of ["", "linux", "linux/", "/amd64", "linux/arm/", "linux/arm/v7/x", "//"])
    assert.equal(parsePlatform(text), undefined, text);
});

test("a digest is safe as a path and in a URL, or it is none", () => {
  for (const good of [`sha256:${"0a".repeat(32)}`, `sha512:${"f".repeat(128)}`]) assert.ok(isDigest(good));
  const bad = [
    "",
    "sha256:",
    `sha256:${"A".repeat(64)}`,
    `sha256:${"a".repeat(63)}`,
    `sha256:${"a".repeat(65)}`,
    `sha256:${"a".repeat(64)}\n`,
    "sha256:../../etc/passwd",
    `sha512:${"a".repeat(64)}`,
    `md5:${"a".repeat(32)}`,
    5,
    null,
    undefined,
    [`sha256:${"a".repeat(64)}`],
  ];
  for (const text of bad) assert.ok(!isDigest(text), String(text));
});
