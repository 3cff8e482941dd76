import assert from "node:assert/strict";
import { test } from "node:test";
import { rpmCache } from "../../src/rules/rpm-cache.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy } from "../support/rule-claims.ts";

test("found: the caches of dnf, dnf 5, yum, tdnf and zypper", () => {
  const facts = factsOf([
    [
      { path: "var/cache/dnf/fedora-2f/repodata/primary.xml.zst", content: "d" },
      { path: "var/cache/libdnf5/updates-5/solv/updates.solv", content: "5" },
      { path: "var/cache/yum/metadata/ubi.solv", content: "y" },
      { path: "var/cache/tdnf/base/repomd.xml", content: "t" },
      { path: "var/cache/zypp/packages/oss/a.rpm", content: "z" },
      { path: "root/.cache/libdnf5/x.solv", content: "u" },
      { path: "var/tmp/dnf-root-1/a.rpm", content: "r" },
      { path: "var/lib/dnf/history.sqlite", content: "h" },
      { path: "var/lib/rpm/rpmdb.sqlite", content: "no database" },
      { path: "var/cache/man/index.db", content: "m" },
    ],
  ]);
  assert.deepEqual(claimedBy(rpmCache, facts), [
    "0:root/.cache/libdnf5/x.solv",
    "0:var/cache/dnf/fedora-2f/repodata/primary.xml.zst",
    "0:var/cache/libdnf5/updates-5/solv/updates.solv",
    "0:var/cache/tdnf/base/repomd.xml",
    "0:var/cache/yum/metadata/ubi.solv",
    "0:var/cache/zypp/packages/oss/a.rpm",
    "0:var/tmp/dnf-root-1/a.rpm",
  ]);
});

test("passed: cleaned. Not applicable: no rpm", () => {
  assert.deepEqual(claimedBy(rpmCache, factsOf([[{ path: "usr/bin/microdnf", content: "m" }, { path: "var/cache/yum/" }]])), []);
  assert.deepEqual(rpmCache.evaluate(factsOf([[{ path: "a", content: "a" }]])), {
    notApplicable: "there is no rpm in the image",
  });
});
