import assert from "node:assert/strict";
import { test } from "node:test";
import { closestName, didYouMean } from "../../src/lib/did-you-mean.ts";

const names = ["apt-lists", "apt-archives", "pip-cache", "npm-cache", "logs"];

test("a slip of the fingers is understood", () => {
  for (const [typed, meant] of [
    ["apt-list", "apt-lists"],
    ["pip-cahce", "pip-cache"],
    ["PIP-CACHE", "pip-cache"],
    ["pipcache", "pip-cache"],
    ["log", "logs"],
  ] as const) {
    assert.equal(closestName(typed, names), meant);
  }
});

test("another word is not taken for a slip", () => {
  for (const typed of ["duplicate-cuda", "x", "", "z".repeat(10_000)]) assert.equal(closestName(typed, names), undefined);
});

test("the hint names the near one, or all", () => {
  assert.equal(didYouMean("logz", names), 'did you mean "logs"?');
  assert.equal(didYouMean("colour", ["json", "table"]), "known are: json, table");
});
