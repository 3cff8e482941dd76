import assert from "node:assert/strict";
import { test } from "node:test";
import { fileTree } from "../../src/facts/file-tree.ts";
import { owners } from "../../src/facts/owners.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";

const tool: TestEntry = { path: "usr/bin/tool", content: "tool" };
const paragraph = "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
const database: readonly TestEntry[] = [
  { path: "var/lib/dpkg/status", content: paragraph },
  { path: "var/lib/dpkg/info/tool.list", content: "/usr/bin/tool\n" },
];

/** The owners of a path's entries, lowest layer first. */
function ownersOf(path: string, layers: readonly (readonly TestEntry[])[]): readonly string[] {
  const facts = factsOf(layers);
  const tree = facts.get(fileTree);
  return tree.stored(tree.paths.find(path)).map((entry) => facts.get(owners).of(entry).name);
}

test("what a layer's own databases name is theirs, though a later layer removes them", () => {
  const removed = [{ path: "usr/bin/.wh.tool" }, { path: "var/lib/dpkg/.wh.status" }];
  assert.deepEqual(ownersOf("usr/bin/tool", [[tool, ...database], removed]).slice(0, 1), ["tool"]);
});

test("what a container sees, and databases of a higher layer alone name, is theirs", () => {
  assert.deepEqual(ownersOf("usr/bin/tool", [[tool], database]), ["tool"]);
});

test("what is hidden before a database names its path is nobody's", () => {
  assert.deepEqual(ownersOf("usr/bin/tool", [[tool], [{ ...tool, content: "from the package" }, ...database]]), ["unowned", "tool"]);
});
