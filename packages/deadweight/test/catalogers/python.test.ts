import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { suite, test } from "node:test";
import { python } from "../../src/catalogers/python.ts";
import type { Package } from "../../src/contracts/cataloger.ts";
import { byteStringFromText } from "../../src/lib/byte-string.ts";
import { wantedFilesOf } from "../support/layers.ts";

const site = "usr/local/lib/python3.11/site-packages";

function catalogOf(contents: Record<string, string>): ReturnType<typeof python.catalog> {
  const entries = Object.entries(contents).map(([path, content]) => ({ path, content }));
  return python.catalog(wantedFilesOf(python, entries));
}

function packagesOf(contents: Record<string, string>): readonly Package[] {
  const { packages, problems } = catalogOf(contents);
  assert.deepEqual(problems, []);
  return packages;
}

suite("a distribution that pip installed", () => {
  test("owns what RECORD lists, its folders and its byte code", () => {
    const [found, ...others] = packagesOf({
      [`${site}/Foo_Bar-1.0.dist-info/METADATA`]:
        "Name: Foo_Bar\nVersion: 1.0\nRequires-Dist: numpy\nRequires-Dist: foo-bar\n\nText",
      [`${site}/Foo_Bar-1.0.dist-info/RECORD`]: [
        "foo/__init__.py,sha256=x,1",
        '"foo/data/a, b.txt",sha256=x,1',
        "foo/__pycache__/__init__.cpython-311.pyc,,",
        "../../../bin/foo,sha256=x,1",
        "Foo_Bar-1.0.dist-info/RECORD,,",
      ].join("\n"),
      [`${site}/Foo_Bar-1.0.dist-info/INSTALLER`]: "pip\n",
    });
    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...found, paths: [...(found?.paths ?? [])].sort() },
      {
        kind: "python",
        name: "foo-bar",
        version: "1.0",
        paths: [
          "usr/local/bin/foo",
          `${site}/Foo_Bar-1.0.dist-info`,
          `${site}/Foo_Bar-1.0.dist-info/RECORD`,
          `${site}/foo`,
          `${site}/foo/__init__.py`,
          `${site}/foo/__pycache__`,
          `${site}/foo/__pycache__/__init__.cpython-311.pyc`,
          `${site}/foo/data`,
          `${site}/foo/data/a, b.txt`,
        ].sort(),
        folders: [`${site}/Foo_Bar-1.0.dist-info`],
        requires: ["numpy"],
      },
    );
  });

  test("may have names that are no ASCII", () => {
    const [found] = packagesOf({
      [`${site}/a-1.dist-info/METADATA`]: "Name: a\nVersion: 1\n",
      [`${site}/a-1.dist-info/RECORD`]: "a/ü.txt,,\n",
    });
    assert.ok(found?.paths.includes(byteStringFromText(`${site}/a/ü.txt`)));
  });

  test("is named by its folder when METADATA is not there", () => {
    const [found] = packagesOf({ [`${site}/foo_bar-2.0.dist-info/RECORD`]: "foo.py,,\n" });
    assert.deepEqual([found?.name, found?.version], ["foo-bar", "2.0"]);
  });

  test("has a description of any length", () => {
    const [found] = packagesOf({
      [`${site}/a-1.dist-info/METADATA`]: `Name: a\nVersion: 1\n\n${"Name: b\n".repeat(20_000)}`,
      [`${site}/a-1.dist-info/RECORD`]: "a.py,,\n",
    });
    assert.equal(found?.name, "a");
  });

  test("that names paths outside of the image is a problem; what is inside stands", () => {
    const { packages, problems } = catalogOf({
      [`${site}/a-1.dist-info/METADATA`]: "Name: a\nVersion: 1\n",
      [`${site}/a-1.dist-info/RECORD`]: "../../../../../../etc/passwd,,\na.py,,\n",
    });
    assert.ok(packages[0]?.paths.includes(`${site}/a.py`));
    assert.deepEqual(problems, [
      {
        path: `${site}/a-1.dist-info/RECORD`,
        layer: 0,
        message: "names a path outside of the image: ../../../../../../etc/passwd",
      },
    ]);
  });
});

suite("a distribution without RECORD", () => {
  test("owns the folders of top_level.txt, by whatever name they go", () => {
    const [found] = packagesOf({
      "usr/lib/python3/dist-packages/numpy-1.24.2.dist-info/METADATA": "Name: numpy\nVersion: 1.24.2\n",
      "usr/lib/python3/dist-packages/numpy-1.24.2.dist-info/INSTALLER": "debian",
      "usr/lib/python3/dist-packages/numpy-1.24.2.dist-info/top_level.txt": "numpy\n../etc\n/\n*\n\n",
    });
    assert.deepEqual(found?.folders, [
      "usr/lib/python3/dist-packages/numpy-1.24.2.dist-info",
      "usr/lib/python3/dist-packages/numpy",
      "usr/lib/python3/dist-packages/numpy.*",
      "usr/lib/python3/dist-packages/__pycache__/numpy.*",
    ]);
    assert.deepEqual(found?.paths, []);
  });
});

suite("an editable install", () => {
  test("owns its metadata and its link, not the source folder", () => {
    const packages = packagesOf({
      [`${site}/__editable__.my_app-0.1.pth`]: "/app/src\n",
      [`${site}/my_app-0.1.dist-info/METADATA`]: "Name: my-app\nVersion: 0.1\n",
      [`${site}/my_app-0.1.dist-info/direct_url.json`]: '{"dir_info": {"editable": true}, "url": "file:///app"}',
      [`${site}/my_app-0.1.dist-info/top_level.txt`]: "my_app\n",
      "app/src/my_app.egg-info/PKG-INFO": "Name: my-app\nVersion: 0.1\n",
      "app/src/my_app.egg-info/top_level.txt": "my_app\n",
    });
    assert.deepEqual(packages, [
      {
        kind: "python",
        name: "my-app",
        version: "0.1",
        paths: [`${site}/__editable__.my_app-0.1.pth`],
        folders: [`${site}/my_app-0.1.dist-info`],
        requires: [],
      },
    ]);
  });

  test("of setup.py develop is told by the egg-link", () => {
    const packages = packagesOf({
      [`${site}/my-app.egg-link`]: "/app/src\n.",
      "app/src/my_app.egg-info/PKG-INFO": "Name: my-app\nVersion: 0.2\n",
      "app/src/my_app.egg-info/requires.txt": "six\n[test]\npytest\n",
      [`${site}/lost.egg-link`]: "/nowhere\n.",
    });
    assert.deepEqual(packages, [
      { kind: "python", name: "lost", paths: [`${site}/lost.egg-link`], folders: [], requires: [] },
      {
        kind: "python",
        name: "my-app",
        version: "0.2",
        paths: [`${site}/my-app.egg-link`],
        folders: ["app/src/my_app.egg-info"],
        requires: ["six"],
      },
    ]);
  });
});

suite("eggs", () => {
  test("installed-files.txt lists the files from the metadata's folder", () => {
    const [found] = packagesOf({
      [`${site}/old-1.0-py3.11.egg-info/PKG-INFO`]: "Name: old\nVersion: 1.0\n",
      [`${site}/old-1.0-py3.11.egg-info/installed-files.txt`]: "../old/__init__.py\n../../../../bin/old\nPKG-INFO\n",
      [`${site}/old-1.0-py3.11.egg-info/top_level.txt`]: "old\n",
    });
    assert.deepEqual(found?.paths, [`${site}/old/__init__.py`, "usr/local/bin/old", `${site}/old-1.0-py3.11.egg-info/PKG-INFO`]);
  });

  test("an egg-info file owns itself, an egg its folder", () => {
    const packages = packagesOf({
      [`${site}/plain-3.1-py3.11.egg-info`]: "Metadata-Version: 1.0\nName: Plain\nVersion: 3.1\n",
      [`${site}/whole-2.0-py3.11.egg/EGG-INFO/PKG-INFO`]: "Metadata-Version: 1.0\n",
    });
    assert.deepEqual(packages, [
      {
        kind: "python",
        name: "whole",
        version: "2.0",
        paths: [],
        folders: [`${site}/whole-2.0-py3.11.egg`],
        requires: [],
      },
      {
        kind: "python",
        name: "plain",
        version: "3.1",
        paths: [`${site}/plain-3.1-py3.11.egg-info`],
        folders: [],
        requires: [],
      },
    ]);
  });
});

suite("what is not installed", () => {
  test("caches, copies inside of other distributions and metadata in a source folder", () => {
    const packages = packagesOf({
      [`${site}/setuptools-70.dist-info/METADATA`]: "Name: setuptools\nVersion: 70\n",
      [`${site}/setuptools-70.dist-info/RECORD`]:
        "setuptools/__init__.py,,\nsetuptools/_vendor/packaging-24.dist-info/METADATA,,\nsetuptools-70.dist-info/METADATA,,\n",
      [`${site}/setuptools/_vendor/packaging-24.dist-info/METADATA`]: "Name: packaging\nVersion: 24\n",
      [`${site}/setuptools/_vendor/packaging-24.dist-info/RECORD`]:
        "packaging/__init__.py,,\npackaging-24.dist-info/METADATA,,\n",
      "root/.cache/uv/archive-v0/abc/x-1.dist-info/METADATA": "Name: x\nVersion: 1\n",
      "opt/conda/pkgs/y-1-0/lib/python3.11/site-packages/y-1.dist-info/METADATA": "Name: y\nVersion: 1\n",
      "app/z.egg-info/PKG-INFO": "Name: z\nVersion: 1\n",
      "app/z.egg-info/top_level.txt": "z\n",
      "app/tests/w-1.egg-info": "Name: w\nVersion: 1\n",
    });
    assert.deepEqual(
      packages.map(({ name }) => name),
      ["setuptools"],
    );
  });
});

test("agrees with importlib.metadata on this machine's own site-packages", (t) => {
  const script = [
    "import importlib.metadata as m, json, sysconfig",
    "site = sysconfig.get_paths()['purelib']",
    "found = [d for d in m.distributions(path=[site]) if d.files is not None][:40]",
    "print(json.dumps({'site': site, 'found': [[d.metadata['Name'], d.version, [str(d.locate_file(f).resolve()) for f in d.files],",
    " [str(d._path / n) for n in ('METADATA', 'RECORD', 'INSTALLER', 'PKG-INFO', 'installed-files.txt')]] for d in found]}))",
  ].join("\n");
  const run = spawnSync("python3", ["-c", script], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (run.status !== 0) return t.skip(`python3: ${run.error?.message ?? run.stderr.split("\n").at(-2) ?? "failed"}`);
  const { found } = JSON.parse(run.stdout) as { found: [name: string, version: string, files: string[], metadata: string[]][] };
  if (found.length === 0) return t.skip("python3: no distribution with a list of files");
  const metadata = found.flatMap(([, , , paths]) => paths).filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  const { packages } = python.catalog(
    wantedFilesOf(
      python,
      metadata.map((path) => ({ path: path.slice(1), content: readFileSync(path) })),
    ),
  );
  for (const [name, version, files] of found) {
    const own = packages.find((one) => one.name === name.toLowerCase().replace(/[-_.]+/g, "-"));
    assert.equal(own?.version, version, name);
    const paths = new Set(own.paths.map((path) => `/${path}`));
    assert.deepEqual(
      files.filter((file) => !paths.has(byteStringFromText(file))),
      [],
      name,
    );
  }
  return undefined;
});
