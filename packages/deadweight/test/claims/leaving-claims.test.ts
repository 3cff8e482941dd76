import assert from "node:assert/strict";
import { test } from "node:test";
import { leavingClaims } from "../../src/claims/leaving-claims.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { packages } from "../../src/facts/packages.ts";
import { debianEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";

test("with a package go its empty folders and those that scripts made below /usr/local, of these layers alone", () => {
  const folders = ["usr/lib/own/", "usr/lib/shared/", "usr/local/share/fonts/", "srv/mine/"];
  const lists = ["leaving.list", "staying.list"].map((name) => `var/lib/dpkg/info/${name}`);
  const entries = debianEntries([
    { name: "leaving", files: ["usr/bin/a"] },
    { name: "staying", files: ["usr/bin/b"] },
  ]).map((entry) => {
    const more = entry.path === lists[0] ? "/usr/lib/own\n/usr/lib/shared\n" : entry.path === lists[1] ? "/usr/lib/shared\n" : "";
    return { ...entry, content: `${entry.content?.toString() ?? ""}${more}` };
  });
  const facts = factsOf([[{ path: "usr/local/games/" }], [...entries, ...folders.map((path) => ({ path }))]]);
  const leaving = new Set(facts.get(packages).final.filter(({ name }) => name === "leaving"));
  const claimed = leavingClaims(facts, [1], leaving).map(({ entry }) => facts.get(fileTree).path(entry));
  assert.deepEqual(claimed.filter((path) => !path.startsWith("var/")).toSorted(), [
    "usr/bin/a",
    "usr/lib/own",
    "usr/local/share/fonts",
  ]);
});
