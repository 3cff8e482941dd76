import assert from "node:assert/strict";
import { test } from "node:test";
import { debianEntries, pythonEntries } from "../support/installed.ts";
import type { TestEntry } from "../support/layers.ts";
import { planned, type Planned, type PlanningOptions } from "../support/planning.ts";

const folders = ["usr/", "usr/share/", "usr/share/doc/", "usr/share/doc/app/"].map((path) => ({ path }));
const sums = `${"0".repeat(32)}  usr/bin/app\n${"1".repeat(32)}  usr/share/doc/app/README\n`;
const debian: TestEntry[] = [
  ...folders,
  ...debianEntries([{ name: "app", files: ["usr/bin/app", "usr/share/doc/app/README"] }]),
  { path: "var/lib/dpkg/info/app.md5sums", content: sums },
];

function contentAfter({ after }: Planned, path: string): string {
  const { content = "" } = after.flat().findLast((entry) => entry.path === path) ?? {};
  return Buffer.from(content).toString();
}

function documentation(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): Planned {
  return planned(layers, { only: ["drop-documentation"], ...options });
}

test("dpkg's list and sums lose what was removed, though only its removal was asked for by name", () => {
  const result = documentation([debian]);
  assert.deepEqual(result.edits, [
    "rewrite 0:var/lib/dpkg/info/app.list",
    "remove 0:usr/share/doc/app/README",
    "rewrite 0:var/lib/dpkg/info/app.md5sums",
  ]);
  assert.equal(contentAfter(result, "var/lib/dpkg/info/app.list"), "/usr/bin/app\n");
  assert.equal(contentAfter(result, "var/lib/dpkg/info/app.md5sums"), sums.slice(0, sums.indexOf("\n") + 1));
});

test("nothing when nothing that is listed goes", () => {
  assert.deepEqual(documentation([debian], { keep: ["usr/share/doc"] }).edits, []);
  assert.deepEqual(documentation([debian], { skip: ["update-package-records"] }).edits, ["remove 0:usr/share/doc/app/README"]);
});

test("RECORD loses tests and compiled files, names in quotes too", () => {
  const library = "usr/lib/python3.11/site-packages";
  const names = ["a/__init__.py", "a/tests/test_a.py", "a/tests/with,comma.py"];
  const parents = ["usr/", "usr/lib/", "usr/lib/python3.11/", `${library}/`, `${library}/a/`, `${library}/a/tests/`];
  const entries = pythonEntries("a", "1.0", names, library).map((entry): TestEntry =>
    entry.path.endsWith("/RECORD") ? { ...entry, content: String(entry.content).replace(/^(.*with,comma.py)/m, '"$1"') } : entry,
  );
  const result = planned([[...parents.map((path) => ({ path })), ...entries]], { only: ["drop-package-tests"] });
  assert.deepEqual(
    contentAfter(result, `${library}/a-1.0.dist-info/RECORD`),
    "a/__init__.py,,\na-1.0.dist-info/METADATA,,\na-1.0.dist-info/RECORD,,\n",
  );
});

test("a record in the base image, or with another name, stays as it is", () => {
  const [records, others] = [
    debian.filter(({ path }) => path.includes("/info/")),
    debian.filter(({ path }) => !path.includes("/info/")),
  ];
  assert.deepEqual(documentation([records, others], { base: 1 }).edits, ["remove 1:usr/share/doc/app/README"]);
  const links = [
    { path: "opt/list", type: "hardlink" as const, link: "var/lib/dpkg/info/app.list" },
    { path: "opt/sums", type: "hardlink" as const, link: "var/lib/dpkg/info/app.md5sums" },
  ];
  assert.deepEqual(documentation([[...debian, ...links]]).edits, ["remove 0:usr/share/doc/app/README"]);
});

test("a file that is moved down to a lower layer is still listed", () => {
  const layers = [debian, [{ path: "usr/bin/app", content: "content of usr/bin/app", uid: 1 }]];
  assert.deepEqual(planned(layers, { only: ["drop-metadata-rewrites"] }).edits, [
    "take-attributes 0:usr/bin/app of 1:usr/bin/app",
    "remove 1:usr/bin/app",
  ]);
});
