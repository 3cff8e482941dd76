import assert from "node:assert/strict";
import { test } from "node:test";
import { modesAndOwners } from "../../src/checks/modes-and-owners.ts";
import type { TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf } from "../support/side-by-side.ts";

const entry: TestEntry = { path: "usr/bin/ping", content: "x", mode: 0o755, xattrs: { "security.capability": "\u0001\u0000" } };
const said = (...after: readonly TestEntry[]): Promise<string | readonly string[]> =>
  saidOf(modesAndOwners, comparisonOf(imageOf([entry]), imageOf(after)));

test("a lost capability, a changed mode, another owner", async () => {
  assert.equal(await said(entry), "same");
  const { xattrs: _xattrs, ...bare } = entry;
  assert.match(String(await said(bare)), /^usr\/bin\/ping: attributes was \[\["security\.capability",.*\]\], is \[\]$/);
  assert.deepEqual(await said({ ...entry, mode: 0o4755 }), ["usr/bin/ping: mode was 0755, is 4755"]);
  assert.deepEqual(await said({ ...entry, uid: 7, gid: 8 }), ["usr/bin/ping: owner was 0:0, is 7:8"]);
});

test("times, contents and what is gone are others' business", async () => {
  assert.equal(await said({ ...entry, mtime: 5, content: "other" }), "same");
  assert.equal(await said(), "same");
});
