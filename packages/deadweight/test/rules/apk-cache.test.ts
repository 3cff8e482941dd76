import assert from "node:assert/strict";
import { test } from "node:test";
import { apkCache } from "../../src/rules/apk-cache.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy } from "../support/rule-claims.ts";

test("found: indexes and kept packages, not the database", () => {
  const facts = factsOf([
    [
      { path: "lib/apk/db/installed", content: "P:musl\n" },
      { path: "var/cache/apk/APKINDEX.066df28d.tar.gz", content: "i" },
      { path: "etc/apk/cache/curl-8.apk", content: "c" },
      { path: "etc/apk/world", content: "curl\n" },
    ],
  ]);
  assert.deepEqual(claimedBy(apkCache, facts), ["0:etc/apk/cache/curl-8.apk", "0:var/cache/apk/APKINDEX.066df28d.tar.gz"]);
});

test("setup-apkcache's link to the cache stays, and what it leads to is counted once", () => {
  const facts = factsOf([
    [
      { path: "sbin/apk", content: "a" },
      { path: "var/cache/apk/" },
      { path: "var/cache/apk/APKINDEX.066df28d.tar.gz", content: "i" },
      { path: "etc/apk/cache", type: "symlink", link: "/var/cache/apk" },
    ],
  ]);
  assert.deepEqual(claimedBy(apkCache, facts), ["0:var/cache/apk/APKINDEX.066df28d.tar.gz"]);
});

test("passed: apk add --no-cache. Not applicable: no apk", () => {
  assert.deepEqual(claimedBy(apkCache, factsOf([[{ path: "lib/apk/db/installed", content: "P:musl\n" }]])), []);
  assert.deepEqual(apkCache.evaluate(factsOf([[{ path: "a", content: "a" }]])), {
    notApplicable: "there is no apk in the image",
  });
});
