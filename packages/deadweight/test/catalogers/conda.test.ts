import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { conda } from "../../src/catalogers/conda.ts";
import type { Catalog } from "../../src/contracts/cataloger.ts";
import { wantedFilesOf } from "../support/layers.ts";
import { mutated, mutations } from "./rpm/mutations.ts";

function catalogOf(files: Readonly<Record<string, unknown>>): Catalog {
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    content: typeof content === "string" ? content : JSON.stringify(content),
  }));
  return conda.catalog(wantedFilesOf(conda, entries));
}

const numpy = {
  name: "numpy",
  version: "1.26.4",
  build: "py311h64a7726_0",
  depends: [
    "python >=3.11,<3.12.0a0",
    "conda-forge::libblas >=3.9,<4",
    "__glibc >=2.17",
    "Python_ABI[version='3.11.*']",
    "numpy",
  ],
  files: ["lib/python3.11/site-packages/numpy/__init__.py", "bin/f2py", "share/späß"],
  paths_data: {
    paths: [
      { _path: "lib/python3.11/site-packages/numpy/__init__.py", path_type: "hardlink", size_in_bytes: 17_000 },
      { _path: "bin/f2py", path_type: "hardlink", size_in_bytes: 300 },
      { _path: "share/späß", path_type: "softlink" },
    ],
    paths_version: 1,
  },
  size: 8_000_000,
};

test("conda: a package with its files below the environment that holds it", () => {
  assert.deepEqual(catalogOf({ "opt/conda/conda-meta/numpy-1.26.4-py311h64a7726_0.json": numpy }), {
    packages: [
      {
        kind: "conda",
        name: "numpy",
        version: "1.26.4",
        paths: [
          "opt/conda/conda-meta/numpy-1.26.4-py311h64a7726_0.json",
          "opt/conda/lib/python3.11/site-packages/numpy/__init__.py",
          "opt/conda/bin/f2py",
          "opt/conda/share/sp\xc3\xa4\xc3\x9f",
        ],
        requires: ["python", "libblas", "python_abi"],
        declaredBytes: 17_300,
      },
    ],
    problems: [],
  });
});

test("conda: every environment counts, one at the root of the image too", () => {
  const catalog = catalogOf({
    "conda-meta/a-1-0.json": { name: "a", version: "1", files: ["bin/a"] },
    "opt/conda/envs/web/conda-meta/b-2-0.json": { name: "b", version: "2", files: ["bin/b"] },
  });
  assert.deepEqual(
    catalog.packages.map(({ name, paths }) => [name, ...paths]),
    [
      ["a", "conda-meta/a-1-0.json", "bin/a"],
      ["b", "opt/conda/envs/web/conda-meta/b-2-0.json", "opt/conda/envs/web/bin/b"],
    ],
  );
});

test("conda: unpacked packages are no environment, unless they have a history", () => {
  const record = { name: "inner", version: "1", files: [] };
  const cached = { "opt/conda/pkgs/tool-1-0/conda-meta/inner-1-0.json": record };
  assert.deepEqual(catalogOf(cached), { packages: [], problems: [] });
  const environment = { ...cached, "opt/conda/pkgs/tool-1-0/conda-meta/history": "==> 2024-01-01 <==\n" };
  assert.deepEqual(
    catalogOf(environment).packages.map(({ name }) => name),
    ["inner"],
  );
});

test("conda: where `files` is missing, the paths' data has them", () => {
  const { files: _, ...rest } = numpy;
  const catalog = catalogOf({ "env/conda-meta/numpy.json": rest });
  assert.deepEqual(catalog.packages[0]?.paths.slice(1, 3), [
    "env/lib/python3.11/site-packages/numpy/__init__.py",
    "env/bin/f2py",
  ]);
});

test("conda: records that can't be read are told, the others stay", () => {
  const catalog = catalogOf({
    "env/conda-meta/a.json": "{",
    "env/conda-meta/b.json": "[]",
    "env/conda-meta/c.json": { name: 7 },
    "env/conda-meta/d.json": "[".repeat(100_000),
    "env/conda-meta/e.json": {
      name: "e",
      version: 1,
      files: ["x", 2, null],
      depends: "none",
      paths_data: { paths: [null, { size_in_bytes: -1 }] },
    },
  });
  assert.deepEqual(catalog.packages, [
    { kind: "conda", name: "e", paths: ["env/conda-meta/e.json", "env/x"], requires: [], declaredBytes: 0 },
  ]);
  assert.deepEqual(
    catalog.problems?.map(({ path, message }) => `${path}: ${message}`),
    [
      "env/conda-meta/a.json: cannot read a conda record: no valid JSON",
      "env/conda-meta/b.json: cannot read a conda record: no name",
      "env/conda-meta/c.json: cannot read a conda record: no name",
      "env/conda-meta/d.json: cannot read a conda record: JSON nested deeper than 64",
    ],
  );
});

test("conda: whatever a record holds, what comes out is packages and problems", () => {
  const content = JSON.stringify(numpy);
  const [file] = wantedFilesOf(conda, [{ path: "env/conda-meta/numpy.json", content }]);
  assert.ok(file);
  const changedBytes = fc.property(mutations(content.length), (changes) => {
    const bytes = mutated(Buffer.from(content), changes);
    const { packages, problems } = conda.catalog([{ ...file, size: bytes.length, bytes: () => bytes }]);
    assert.equal(packages.length + (problems?.length ?? 0), 1);
  });
  fc.assert(changedBytes, { numRuns: 500, seed: 7 });
  const anyValues = fc.property(
    fc.record({
      name: fc.string({ minLength: 1 }),
      version: fc.json(),
      files: fc.jsonValue(),
      depends: fc.jsonValue(),
      paths_data: fc.jsonValue(),
    }),
    (record) => {
      const bytes = Buffer.from(JSON.stringify(record));
      assert.equal(conda.catalog([{ ...file, size: bytes.length, bytes: () => bytes }]).packages.length, 1);
    },
  );
  fc.assert(anyValues, { numRuns: 500, seed: 7 });
});
