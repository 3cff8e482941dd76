import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { UserError, type RewriteOptions } from "../../src/index.ts";
import { commandLine } from "../support/command-line.ts";
import { folderWith } from "../support/rewriting.ts";

const before = "FROM python:3.12\nRUN pip install torch\n";
const after = "FROM python:3.12\nRUN pip install --no-cache-dir torch\n";

test("prints a diff that git apply takes, the summary beside it, and leaves the file as it is", async () => {
  const file = folderWith({ Dockerfile: before });
  const { code, stdout, stderr } = await commandLine(["rewrite", file]);
  assert.equal(code, 0);
  assert.match(stdout, /^--- a\/Dockerfile\n\+\+\+ b\/Dockerfile\n@@ -1,2 \+1,2 @@ pip-no-cache: /);
  assert.match(stderr, /Dockerfile: 1 change\./);
  assert.equal(readFileSync(file, "utf8"), before);
  execFileSync("git", ["apply"], { cwd: dirname(file), input: stdout });
  assert.equal(readFileSync(file, "utf8"), after);
  assert.deepEqual(await commandLine(["rewrite", file, "--check"]).then((again) => [again.code, again.stdout]), [0, ""]);
});

test("--check says with 1 that there is something to change", async () => {
  assert.equal((await commandLine(["rewrite", folderWith({ Dockerfile: before }), "--check", "-f", "table"])).code, 1);
});

test("--write makes a new file, never the Dockerfile, and none over another without --force", async () => {
  const file = folderWith({ Dockerfile: before });
  const written = `${file}.optimized`;
  assert.equal((await commandLine(["rewrite", file, "--write"])).code, 0);
  assert.equal(readFileSync(written, "utf8"), after);
  writeFileSync(written, "mine");
  const refused = await commandLine(["rewrite", file, "--write"]);
  assert.deepEqual([refused.code, readFileSync(written, "utf8")], [2, "mine"]);
  assert.match(refused.stderr, /there is one/);
  assert.equal((await commandLine(["rewrite", file, "--write", "--force"])).code, 0);
  assert.equal(readFileSync(written, "utf8"), after);
  const itself = await commandLine(["rewrite", file, "--write", join(dirname(file), ".", "Dockerfile"), "--force"]);
  assert.deepEqual([itself.code, readFileSync(file, "utf8")], [2, before]);
  assert.deepEqual(readdirSync(dirname(file)).sort(), ["Dockerfile", "Dockerfile.optimized"]);
});

test("--write writes nothing when there is nothing to change", async () => {
  const file = folderWith({ Dockerfile: after });
  const { code, stderr } = await commandLine(["rewrite", file, "--write"]);
  assert.deepEqual([code, existsSync(`${file}.optimized`)], [0, false]);
  assert.match(stderr, /nothing to change/);
});

test("bytes that are no UTF-8 are written as they were; their diff can't be printed", async () => {
  const bytes = Buffer.from("FROM a\n# \xe9\nRUN pip install x\n", "latin1");
  const file = folderWith({ Dockerfile: bytes });
  assert.equal((await commandLine(["rewrite", file])).code, 3);
  assert.equal((await commandLine(["rewrite", file, "-f", "table", "--write"])).code, 0);
  assert.deepEqual(
    readFileSync(`${file}.optimized`),
    Buffer.from("FROM a\n# \xe9\nRUN pip install --no-cache-dir x\n", "latin1"),
  );
});

test("SARIF has the change as a fix", async () => {
  const file = folderWith({ Dockerfile: before });
  const sarif = join(dirname(file), "out.sarif");
  assert.equal((await commandLine(["rewrite", file, "-o", sarif, "-f", "json"])).code, 0);
  const log = JSON.parse(readFileSync(sarif, "utf8"));
  assert.deepEqual([log.version, log.runs.length, log.runs[0].results.length], ["2.1.0", 1, 1]);
  const [result] = log.runs[0].results;
  assert.deepEqual([result.ruleId, result.locations[0].physicalLocation.region.startLine], ["pip-no-cache", 2]);
  const [{ deletedRegion, insertedContent }] = result.fixes[0].artifactChanges[0].replacements;
  const { charOffset, charLength } = deletedRegion;
  assert.equal(before.slice(0, charOffset) + insertedContent.text + before.slice(charOffset + charLength), after);
});

for (const [name, args, message] of [
  ["an edit that is not there", ["--fix", "pip-no-cach"], /did you mean "pip-no-cache"/],
  ["a stage that is not there", ["--target", "app"], /no stage is called so/],
  ["a build argument without a name", ["--build-arg", "=x"], /it has no name/],
  ["GPUs and none", ["--cpu", "--gpus", "8.6"], /cannot be used with/],
] as const) {
  test(`wrong usage: ${name}`, async () => {
    const { code, stderr } = await commandLine(["rewrite", folderWith({ Dockerfile: before }), ...args]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  });
}

test("options reach the rewriting: GPUs by name or from a configuration, none with --cpu, build arguments of the environment too", async () => {
  const seen: RewriteOptions[] = [];
  const toolkit = {
    rewrite: (_: string, options: RewriteOptions): never => {
      seen.push(options);
      throw new UserError("seen", "seen");
    },
  };
  const file = folderWith({ Dockerfile: before, "deadweight.yaml": "gpus: [sm_75]\nservices: {}\n" });
  const config = join(dirname(file), "deadweight.yaml");
  const environment = { TOKEN: "t" };
  await commandLine(["rewrite", file, "--gpus", "8.6", "--build-arg", "A=b=c", "--build-arg", "TOKEN", "--build-arg", "NONE"], {
    toolkit,
    environment,
  });
  await commandLine(["rewrite", file, "--config", config], { toolkit });
  await commandLine(["rewrite", file, "--config", config, "--cpu"], { toolkit });
  assert.deepEqual(
    seen.map(({ gpus, withoutGpu }) => [gpus?.targets.map(({ capability }) => capability), withoutGpu]),
    [
      [[86], false],
      [[75], false],
      [undefined, true],
    ],
  );
  assert.deepEqual(
    [...(seen[0]?.buildArgs ?? [])],
    [
      ["A", "b=c"],
      ["TOKEN", "t"],
    ],
  );
});

test("a Dockerfile with an error is told of by file and line, one that is missing by name", async () => {
  const file = folderWith({ Dockerfile: "FROM a\nRUM x\n" });
  const wrong = await commandLine(["rewrite", file]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /Dockerfile:2: unknown instruction "RUM"\nhint: did you mean "RUN"/);
  const missing = await commandLine(["rewrite", `${file}.none`]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /no such file/);
});

test("no text of a Dockerfile can do anything to a terminal", async () => {
  const file = folderWith({ Dockerfile: "FROM a\nRUN pip install x # \u001b[31m \u202e\n" });
  for (const format of ["table", "markdown", "json", "sarif"]) {
    const { stdout, stderr } = await commandLine(["rewrite", file, "-f", format]);
    assert.doesNotMatch(stdout + stderr, /[\u001b\u202e]/, format);
  }
});
