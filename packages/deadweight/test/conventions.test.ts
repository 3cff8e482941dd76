import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { catalogers } from "../src/catalogers/index.ts";
import { checks } from "../src/checks/index.ts";
import { edits } from "../src/edits/index.ts";
import { formats } from "../src/formats/index.ts";
import { rules } from "../src/rules/index.ts";
import { runtimes } from "../src/runtimes/index.ts";
import { stores } from "../src/stores/index.ts";
import { transforms } from "../src/transforms/index.ts";
import { root, sources } from "./support/sources.ts";

const files = sources();
const vagueNames = /\b(?:utils?|helpers?|common|misc|manager|service|handlers?|data|info)\b/;

const termsOfTheField = /dist-info|egg-info|credential-helper/;

test("file names are in kebab-case and say something", () => {
  const wrong = files
    .map(({ path }) => path)
    .filter((path) => !/^[a-z0-9-]+(?:\/[a-z0-9-]+)*\.ts$/.test(path) || vagueNames.test(path.replace(termsOfTheField, "")));
  assert.deepEqual(wrong, []);
});

test("nothing is exported as default", () => {
  assert.deepEqual(pathsWhere(/^export default\b/m), []);
});

test("every export says in a comment what it is", () => {
  const undocumented = files
    .filter(({ path }) => basename(path) !== "index.ts")
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^export (?:async )?(?:function\*?|class|const|interface|type) (\w+)/gm)]
        .filter((match) => !text.slice(0, match.index).endsWith("*/\n"))
        .map((match) => `${path}: ${match[1]}`),
    );
  const isSelfEvident = (line: string): boolean => /: \w+(?:Options|Entry|Type|Format|Start|Message|Result)$/.test(line);
  assert.deepEqual(
    undocumented.filter((line) => !isSelfEvident(line)),
    [],
  );
});

test("no file is longer than 400 lines", () => {
  assert.deepEqual(
    files.filter(({ text }) => text.split("\n").length > 400).map(({ path }) => path),
    [],
  );
});

test("only bin.ts ends the process", () => {
  assert.deepEqual(
    pathsWhere(/\bprocess\.exit\(/).filter((path) => path !== "bin.ts"),
    [],
  );
});

test("sizes are not shifted: bit operations end at 32 bits", () => {
  assert.deepEqual(pathsWhere(/(?:size|bytes|offset)\s*(?:<<|>>)/i), []);
});

test("every member of a member folder is named after its file", () => {
  const names = {
    catalogers: catalogers.map((member) => member.name),
    checks: checks.map((member) => member.name),
    edits: edits.map((member) => member.name),
    formats: formats.map((member) => member.name),
    rules: rules.map((member) => member.name),
    runtimes: runtimes.map((member) => member.name),
    stores: stores.map((member) => member.scheme),
    transforms: transforms.map((member) => member.name),
  };
  const filesOf = (folder: string): number =>
    files.filter(({ path }) => new RegExp(`^${folder}/(?!index)[a-z0-9-]+\\.ts$`).test(path)).length;
  for (const [folder, members] of Object.entries(names)) {
    assert.equal(new Set(members).size, filesOf(folder), `${folder}: ${members.join(" ")}`);
  }
  for (const folder of ["catalogers", "checks", "edits", "formats", "rules", "runtimes", "transforms"] as const) {
    for (const name of names[folder])
      assert.ok(
        files.some(({ path }) => path === `${folder}/${name}.ts`),
        `${folder}/${name}.ts`,
      );
  }
});

test("every member has its test, every rule and every edit its page", () => {
  const members = files
    .map(({ path }) => path)
    .filter((path) =>
      /^(?:catalogers|checks|edits|formats|rules|runtimes|stores|transforms)\/(?!index)[a-z0-9-]+\.ts$/.test(path),
    );
  const untested = members.filter((path) => !existsSync(join(import.meta.dirname, path.replace(/\.ts$/, ".test.ts"))));
  assert.deepEqual(untested, []);
  assert.deepEqual(
    rules.filter((rule) => !existsSync(join(root, `docs/rules/${rule.name}.md`))).map((rule) => rule.name),
    [],
  );
  assert.deepEqual(
    edits.filter((edit) => !existsSync(join(root, `docs/edits/${edit.name}.md`))).map((edit) => edit.name),
    [],
  );
});

test("the README has at most 150 lines", () => {
  assert.ok(readFileSync(join(root, "README.md"), "utf8").split("\n").length <= 151);
});

function pathsWhere(pattern: RegExp): readonly string[] {
  return files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}
