import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildOutcomeSchema } from "../../src/model/build-outcome-schema.ts";
import { build } from "../../src/pipeline/build.ts";
import type { BuildOptions } from "../../src/pipeline/build/build-request.ts";
import type { EditPlan, PlannedEdit } from "../../src/pipeline/build/edit-plan.ts";
import { readOutcome, recordFiles } from "../../src/pipeline/build/records.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { contextWith, tagSmallBase } from "../support/building.ts";
import { docker } from "../support/engine.ts";
import { ownName } from "../support/engine-names.ts";
import { takeTurn } from "../support/take-turn.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { withoutEngine } from "../support/tools.ts";

/** Lines that go, each of them an edit that saves as many bytes as it has characters before a colon. */
function removing(text: string, lines: readonly (readonly [line: number, removed: readonly string[]])[]): EditPlan {
  const all = text.split("\n");
  const edits: PlannedEdit[] = lines.map(([line]) => ({
    edit: `without-line-${line}`,
    line,
    message: "not needed",
    predictedBytes: 1_000_000 + line,
    basis: "estimated",
    differences: [],
  }));
  return {
    edits,
    textWith: (chosen) => all.filter((_, place) => !chosen.some(({ line }) => line === place + 1)).join("\n"),
    bytesOf: (chosen) => chosen.reduce((sum, { predictedBytes }) => sum + predictedBytes, 0),
    removedBy: (chosen) => lines.flatMap(([line, removed]) => (chosen.some((edit) => edit.line === line) ? removed : [])),
  };
}

const mark = `deadweight-test.${process.pid}`;

describe("a Dockerfile is built as it is and smaller", { skip: withoutEngine() }, () => {
  const base = ownName("pipeline-base");
  const tag = ownName("pipeline");
  let giveBack = (): void => {};
  before(async () => {
    giveBack = await takeTurn("containers");
    await tagSmallBase(base);
  });
  after(async () => {
    const names = (await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
    await docker("image", "rm", "--force", base, ...names.filter((name) => name.startsWith(`${tag}:`)));
    giveBack();
  });

  const options = (more: Partial<BuildOptions> = {}): BuildOptions => ({
    environment: process.env,
    signal: new AbortController().signal,
    insecure: [],
    isStatic: true,
    expect: [],
    require: [],
    tag: `${tag}:1`,
    mostBuilds: 9,
    settings: { builder: "auto", network: "host", args: {}, labels: { [mark]: "" }, freshly: false },
    ...more,
  });
  const text = `FROM ${base}
COPY . /srv
RUN head -c 500000 /dev/zero > /opt/left-over
RUN echo kept > /opt/kept && mkdir -p /usr/local/share/x && head -c 100000 /dev/zero > /usr/local/share/x/y
RUN test -f /opt/kept && echo proof > /opt/proof
CMD ["cat", "/opt/proof"]
`;

  test("edits that break the build or the image are dropped, the others kept, and all is written down", async () => {
    const folder = contextWith({ Dockerfile: text, "main.txt": "x" });
    const plan = removing(text, [
      [3, ["opt/left-over"]],
      [4, ["opt/kept", "usr/local/share/x/y"]],
      [5, []],
    ]);
    const seen: string[] = [];
    const { outcome, record } = await build(
      folder,
      options({ propose: (asked) => (seen.push(asked.image), Promise.resolve(plan)) }),
    );
    assert.deepEqual(
      outcome.edits.map(({ line, status }) => [line, status]),
      [
        [3, "kept"],
        [4, "dropped"],
        [5, "dropped"],
      ],
    );
    const [, build4, build5] = outcome.edits;
    assert.match(build4?.reason ?? "", /^it can't be built: the edited Dockerfile:\d: step .*test -f \/opt\/kept/);
    assert.match(build5?.reason ?? "", /file-tree: .*opt\/proof: gone/);
    assert.equal(outcome.passed, true);
    assert.equal(outcome.verification?.passed, true);
    assert.deepEqual(seen, [`docker:${outcome.original.image.imageId}`]);
    assert.equal(readFileSync(outcome.candidate?.path ?? "", "utf8"), text.replace(/^.*left-over\n/m, ""));
    const saved = (outcome.verification?.before.tarBytes ?? 0) - (outcome.verification?.after.tarBytes ?? 0);
    assert.ok(saved > 500_000 && saved < 510_000, String(saved));
    assert.equal(outcome.candidate?.predictedBytes, 1_000_003);
    assert.equal(await idOf(`${tag}:1-original`), outcome.original.image.imageId);
    assert.equal(await idOf(`${tag}:1-candidate`), outcome.candidate?.image.imageId);
    assert.equal(existsSync(join(folder, ".deadweight/.gitignore")), true);
    assert.deepEqual(await readOutcome(recordFiles(join(folder, ".deadweight"), "Dockerfile")), outcome);
    assert.deepEqual(buildOutcomeSchema.parse(JSON.parse(readFileSync(record, "utf8"))), outcome);
    assert.deepEqual(await dangling(), []);
  });

  test("the record of an earlier build is not sent: the same Dockerfile gives the same image", async () => {
    const folder = contextWith({ Dockerfile: text, "main.txt": "x" });
    const ids: string[] = [];
    for (const _ of [1, 2]) ids.push((await build(folder, options())).outcome.original.image.imageId);
    assert.equal(ids[0], ids[1]);
  });

  test("a Dockerfile of one's own is tried as it is", async () => {
    const other = join(temporaryFolder(), "Other");
    writeFileSync(other, text.replace(/^.*left-over\n/m, ""));
    const folder = contextWith({ Dockerfile: text });
    const refused = (await build(folder, options({ candidate: other }))).outcome;
    assert.deepEqual([refused.passed, refused.candidate?.path], [false, other]);
    assert.match(refused.failure ?? "", /file-tree: .*opt\/left-over: gone/);
    const { outcome } = await build(folder, options({ candidate: other, expect: ["opt/left-over"] }));
    assert.deepEqual([outcome.passed, outcome.failure, outcome.attempts], [true, undefined, 1]);
    writeFileSync(other, `FROM ${base}\nRUN exit 9\n`);
    const broken = (await build(folder, options({ candidate: other }))).outcome;
    assert.deepEqual([broken.passed, broken.candidate], [false, undefined]);
    assert.match(broken.failure ?? "", /^the original builds, and the candidate does not: .*Other:2: step .*RUN exit 9: .*9/);
  });

  test("an original that can't be built is told apart from a broken edit", async () => {
    const folder = contextWith({ Dockerfile: `FROM ${base}\nRUN true\nRUN echo why; exit 4\n` });
    await assert.rejects(build(folder, options()), (error) => {
      assert.ok(error instanceof UserError && error.exitCode === 3);
      assert.match(
        error.message,
        /^the original can't be built, before any change: .*Dockerfile:3: step .*RUN echo why; exit 4: .*4$/,
      );
      assert.deepEqual(error.details, ["why"]);
      return true;
    });
    assert.equal(existsSync(join(folder, ".deadweight")), false);
  });

  test("what a service's configuration says of its build is taken over", async () => {
    const folder = contextWith({
      "deadweight.yaml": `services:\n  api:\n    build: { context: src, dockerfile: Own, tag: "${tag}:api", args: { A: b } }\n`,
      "src/Own": `FROM ${base}\nARG A\nRUN echo "$A" > /a\n`,
    });
    const { outcome, record } = await build(undefined, options({ config: join(folder, "deadweight.yaml"), tag: `${tag}:2` }));
    assert.equal(record, join(folder, ".deadweight/api.json"));
    assert.equal(outcome.tag, `${tag}:2`);
    assert.equal(await docker("run", "--rm", "--network", "none", `${tag}:2-original`, "cat", "/a"), "b\n");
    const { tag: _, ...untagged } = options({ config: join(folder, "deadweight.yaml") });
    assert.equal((await build(undefined, untagged)).outcome.tag, `${tag}:api`);
  });
});

async function idOf(name: string): Promise<string> {
  return (await docker("image", "inspect", "--format", "{{.Id}}", name)).trim();
}

/** Images without a name that builds of this file have left; others may be building at the same engine. */
async function dangling(): Promise<readonly string[]> {
  const filters = ["dangling=true", `label=${mark}`].flatMap((filter) => ["--filter", filter]);
  return (await docker("image", "ls", "--quiet", ...filters)).split("\n").filter(Boolean);
}
