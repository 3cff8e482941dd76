import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { npm } from "../../src/catalogers/npm.ts";
import { wantedFilesOf } from "../support/layers.ts";

function catalogOf(contents: Record<string, unknown>): ReturnType<typeof npm.catalog> {
  const entries = Object.entries(contents).map(([path, content]) => ({
    path,
    content: typeof content === "string" ? content : JSON.stringify(content),
  }));
  return npm.catalog(wantedFilesOf(npm, entries));
}

suite("npm", () => {
  test("a package owns its folder, a nested one its own", () => {
    const { packages, problems } = catalogOf({
      "app/node_modules/a/package.json": { name: "a", version: "1.0.0", dependencies: { b: "^2", "@s/c": "*" } },
      "app/node_modules/a/node_modules/b/package.json": { name: "b", version: "2.0.1" },
      "usr/local/lib/node_modules/npm/package.json": { name: "npm", version: "10.9.0", devDependencies: { tap: "1" } },
    });
    assert.deepEqual(packages, [
      { kind: "npm", name: "b", version: "2.0.1", paths: [], folders: ["app/node_modules/a/node_modules/b"], requires: [] },
      { kind: "npm", name: "a", version: "1.0.0", paths: [], folders: ["app/node_modules/a"], requires: ["b", "@s/c"] },
      { kind: "npm", name: "npm", version: "10.9.0", paths: [], folders: ["usr/local/lib/node_modules/npm"], requires: [] },
    ]);
    assert.deepEqual(problems, []);
  });

  test("scoped, aliased and pnpm's packages go by the name that they have", () => {
    const { packages } = catalogOf({
      "node_modules/@types/node/package.json": { name: "@types/node", version: "24.0.0" },
      "node_modules/alias/package.json": { name: "real", version: "1.0.0" },
      "node_modules/.pnpm/x@1.2.3/node_modules/x/package.json": { name: "x", version: "1.2.3" },
    });
    assert.deepEqual(
      packages.map(({ name, folders }) => [name, folders?.[0]]),
      [
        ["x", "node_modules/.pnpm/x@1.2.3/node_modules/x"],
        ["@types/node", "node_modules/@types/node"],
        ["real", "node_modules/alias"],
      ],
    );
  });

  test("what devDependencies alone need is told by the file that npm writes beside them", () => {
    const { packages, problems } = catalogOf({
      "app/node_modules/a/package.json": { name: "a", version: "1.0.0" },
      "app/node_modules/@s/b/package.json": { name: "@s/b", version: "1.0.0" },
      "app/node_modules/@s/b/node_modules/c/package.json": { name: "c", version: "1.0.0" },
      "app/node_modules/d/package.json": { name: "d", version: "1.0.0" },
      "other/node_modules/@s/b/package.json": { name: "@s/b", version: "1.0.0" },
      "app/node_modules/.package-lock.json": {
        packages: {
          "node_modules/a": {},
          "node_modules/@s/b": { dev: true },
          "node_modules/@s/b/node_modules/c": { dev: true, optional: true },
          "node_modules/d": { devOptional: true, dev: "true" },
        },
      },
      "bad/node_modules/.package-lock.json": "{",
    });
    const development = packages.filter((one) => one.development).flatMap(({ folders = [] }) => folders);
    assert.deepEqual(development.toSorted(), ["app/node_modules/@s/b", "app/node_modules/@s/b/node_modules/c"]);
    assert.match(problems?.map(({ message }) => message).join() ?? "", /bad\/node_modules.*no valid JSON/);
  });

  test("other package.json files are no packages", () => {
    const { packages, problems } = catalogOf({
      "app/package.json": { name: "app", version: "1.0.0" },
      "node_modules/a/esm/package.json": { type: "module" },
      "node_modules/a/test/fixture/package.json": { name: "fixture", version: "1.0.0" },
      "node_modules/b/package.json": { type: "commonjs" },
      "node_modules/@scope/package.json": { name: "odd", version: "1.0.0" },
      "node_modules/.bin/package.json": { name: "bin", version: "1.0.0" },
      "root/.npm/_npx/1234/node_modules/c/package.json": { name: "c", version: "1.0.0" },
      "srv/**/node_modules/d/package.json": { name: "d", version: "1.0.0" },
    });
    assert.deepEqual({ packages, problems }, { packages: [], problems: [] });
  });

  test("what can't be read is a problem, and the rest stands", () => {
    const { packages, problems } = catalogOf({
      "node_modules/bad/package.json": "{ name: bad",
      "node_modules/deep/package.json": `${"[".repeat(1000)}${"]".repeat(1000)}`,
      "node_modules/good/package.json": { name: "good", version: "1.0.0" },
      "node_modules/huge/package.json": { name: "huge", version: "1.0.0", filler: "x".repeat(300_000) },
    });
    assert.deepEqual(
      packages.map(({ name }) => name),
      ["good"],
    );
    assert.deepEqual(problems, [
      { path: "node_modules/bad/package.json", layer: 0, message: "cannot read node_modules/bad/package.json: no valid JSON" },
      {
        path: "node_modules/deep/package.json",
        layer: 0,
        message: "cannot read node_modules/deep/package.json: JSON nested deeper than 64",
      },
      {
        path: "node_modules/huge/package.json",
        layer: 0,
        message: "cannot read node_modules/huge/package.json: 300045 bytes, more than 262144",
      },
    ]);
  });

  test("finds what npm installed for this project", (t) => {
    const root = join(import.meta.dirname, "../../../..");
    const lock = join(root, "node_modules/.package-lock.json");
    if (!existsSync(lock)) return t.skip("node_modules: not installed by npm");
    // npm's own account of the folder: https://docs.npmjs.com/cli/configuring-npm/package-lock-json, hidden lockfiles.
    const { packages: locked } = JSON.parse(readFileSync(lock, "utf8")) as {
      packages: Record<string, { version?: string; link?: boolean; name?: string }>;
    };
    const expected = Object.entries(locked).filter(
      ([path, { link }]) => link !== true && existsSync(join(root, path, "package.json")),
    );
    const manifests = readdirSync(join(root, "node_modules"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith("package.json"),
    );
    const { packages } = npm.catalog(
      wantedFilesOf(
        npm,
        manifests.map((path) => ({
          path: `srv/node_modules/${path}`,
          content: readFileSync(join(root, "node_modules", path)),
        })),
      ),
    );
    const found = new Map(packages.map(({ folders, version }) => [folders?.[0], version]));
    for (const [path, { version }] of expected)
      if (path.startsWith("node_modules/")) assert.equal(found.get(`srv/${path}`), version, path);
    assert.ok(found.size > 20);
    return undefined;
  });
});
