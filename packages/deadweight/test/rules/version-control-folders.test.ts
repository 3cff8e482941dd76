import assert from "node:assert/strict";
import { test } from "node:test";
import { versionControlFolders } from "../../src/rules/version-control-folders.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const repository: readonly TestEntry[] = [
  { path: "app/.git/" },
  { path: "app/.git/HEAD", content: "ref: refs/heads/main\n" },
  { path: "app/.git/objects/pack/pack-1.pack", content: "PACK" },
  { path: "app/main.py", content: "print()" },
  { path: "app/.gitignore", content: "*.pyc" },
];

test("found: all below .git, .hg and .svn, wherever they are", () => {
  const facts = factsOf(
    [[...repository, { path: "opt/a/.hg/store/x", content: "h" }, { path: "opt/b/c/.svn/wc.db", content: "s" }]],
    {
      history: ["COPY . /"],
    },
  );
  assert.deepEqual(claimedBy(versionControlFolders, facts), [
    "0:app/.git/HEAD",
    "0:app/.git/objects/pack/pack-1.pack",
    "0:opt/a/.hg/store/x",
    "0:opt/b/c/.svn/wc.db",
  ]);
  const [finding] = findingsOf(versionControlFolders, facts);
  assert.equal(finding?.message, "4 files of version control (/app/.git, /opt/a/.hg and /opt/b/c/.svn) in layer 0 (COPY . /)");
  assert.equal(finding?.remedy, "deadweight optimize, or keep them out of what layer 0 copies (.dockerignore)");
  assert.equal(finding?.safety, "verified");
});

test("a package that reads the repository is named", () => {
  const folder = "usr/lib/python3/dist-packages/setuptools_scm-8.0.dist-info";
  const facts = factsOf([
    [
      ...repository,
      { path: `${folder}/METADATA`, content: "Metadata-Version: 2.1\nName: setuptools-scm\nVersion: 8.0\n" },
      { path: `${folder}/RECORD`, content: "" },
    ],
  ]);
  assert.match(findingsOf(versionControlFolders, facts)[0]?.message ?? "", /; setuptools-scm can read it and is installed$/);
});

test("left alone: files of such names, removed folders, an image without any", () => {
  const cases: Record<string, readonly (readonly TestEntry[])[]> = {
    "a submodule's pointer": [[{ path: "app/.git", content: "gitdir: ../.git/modules/app\n" }]],
    "other names": [
      [
        { path: "app/.github/workflows/ci.yml", content: "on:" },
        { path: "app/x.git/HEAD", content: "bare" },
      ],
    ],
    "removed later": [repository, [{ path: "app/.wh..git" }]],
    none: [[{ path: "a", content: "a" }]],
  };
  for (const [name, layers] of Object.entries(cases))
    assert.deepEqual(claimedBy(versionControlFolders, factsOf(layers)), [], name);
});
