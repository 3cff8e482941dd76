import assert from "node:assert/strict";
import { test } from "node:test";
import { aptArchives } from "../../src/rules/apt-archives.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy } from "../support/rule-claims.ts";

test("found: downloaded packages and both binary caches", () => {
  const facts = factsOf([
    [
      { path: "var/cache/apt/" },
      { path: "var/cache/apt/archives/" },
      { path: "var/cache/apt/archives/lock" },
      { path: "var/cache/apt/archives/partial/" },
      { path: "var/cache/apt/archives/partial/half.deb", content: "h" },
      { path: "var/cache/apt/archives/curl_8_amd64.deb", content: "c" },
      { path: "var/cache/apt/pkgcache.bin", content: "p" },
      { path: "var/cache/apt/srcpkgcache.bin", content: "s" },
      { path: "var/cache/debconf/config.dat", content: "d" },
    ],
  ]);
  assert.deepEqual(claimedBy(aptArchives, facts), [
    "0:var/cache/apt/archives/curl_8_amd64.deb",
    "0:var/cache/apt/archives/partial/half.deb",
    "0:var/cache/apt/pkgcache.bin",
    "0:var/cache/apt/srcpkgcache.bin",
  ]);
});

test("passed: what docker-clean leaves", () => {
  const facts = factsOf([[{ path: "var/cache/apt/archives/lock" }, { path: "var/cache/apt/archives/partial/" }]]);
  assert.deepEqual(claimedBy(aptArchives, facts), []);
});

test("not applicable: no apt", () => {
  assert.deepEqual(aptArchives.evaluate(factsOf([[{ path: "sbin/apk", content: "a" }]])), {
    notApplicable: "there is no apt in the image",
  });
});
