import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promote } from "../../src/pipeline/promote.ts";
import { rollback } from "../../src/pipeline/rollback.ts";
import { buildWith, contextWith, planOf } from "../support/building.ts";
import { docker } from "../support/engine.ts";
import { ownName } from "../support/engine-names.ts";
import { dieAfter, filesIn, newText, oldText, promoteOptions, refused, verifiedFolder } from "../support/promoting.ts";
import { withoutEngine, without } from "../support/tools.ts";

const initial = { Dockerfile: oldText, "Dockerfile.optimized": newText };
const promoted = { Dockerfile: newText, "Dockerfile.old": oldText, "Dockerfile.optimized": newText };

test("the verified Dockerfile takes the place of the old one, and rollback gives it back as it was", async () => {
  const folder = await verifiedFolder();
  const path = join(folder, "Dockerfile");
  chmodSync(path, 0o640);
  const { ino, mtimeMs } = statSync(path);
  await promote(promoteOptions(folder));
  assert.deepEqual(filesIn(folder), promoted);
  assert.equal(statSync(path).mode % 0o1000, 0o640);
  assert.equal(statSync(`${path}.old`).ino, ino);
  await rollback(promoteOptions(folder));
  assert.deepEqual(filesIn(folder), initial);
  const back = statSync(path);
  assert.deepEqual([back.mtimeMs, back.mode % 0o1000, back.ino], [mtimeMs, 0o640, ino]);
  await assert.rejects(rollback(promoteOptions(folder)), /nothing was promoted/);
});

test("no .old of somebody else is ever touched", async () => {
  const folder = await verifiedFolder();
  writeFileSync(join(folder, "Dockerfile.old"), "mine");
  writeFileSync(join(folder, "Dockerfile.old.1"), "mine too");
  await promote(promoteOptions(folder));
  assert.deepEqual(filesIn(folder), {
    ...promoted,
    "Dockerfile.old": "mine",
    "Dockerfile.old.1": "mine too",
    "Dockerfile.old.2": oldText,
  });
  await rollback(promoteOptions(folder));
  assert.deepEqual(filesIn(folder), { ...initial, "Dockerfile.old": "mine", "Dockerfile.old.1": "mine too" });
});

test("promoting twice does it once", async () => {
  const folder = await verifiedFolder();
  const first = await promote(promoteOptions(folder));
  assert.deepEqual(await promote(promoteOptions(folder)), first);
  assert.deepEqual(filesIn(folder), promoted);
});

test("only what was verified: a Dockerfile or a candidate that was changed, and a build that failed, are refused", async () => {
  for (const name of ["Dockerfile", "Dockerfile.optimized"]) {
    const folder = await verifiedFolder();
    writeFileSync(join(folder, name), "FROM changed\n");
    const there = filesIn(folder);
    await assert.rejects(promote(promoteOptions(folder)), refused("not-verified", new RegExp(`/${name}: was changed since`)));
    assert.deepEqual(filesIn(folder), there);
    assert.equal(existsSync(join(folder, ".deadweight/Dockerfile.promotion.json")), false);
  }
  const folder = await verifiedFolder();
  const record = join(folder, ".deadweight/Dockerfile.json");
  const text = JSON.parse(execFileSync("cat", [record], { encoding: "utf8" })) as { passed: boolean };
  writeFileSync(record, JSON.stringify({ ...text, passed: false }));
  await assert.rejects(promote(promoteOptions(folder)), refused("not-verified", /no candidate that was verified/));
  writeFileSync(record, JSON.stringify({ ...text, candidate: undefined, original: 7 }));
  await assert.rejects(promote(promoteOptions(folder)), refused("unreadable", /original/));
});

test("rollback leaves a Dockerfile alone that was changed since", async () => {
  const folder = await verifiedFolder();
  await promote(promoteOptions(folder));
  writeFileSync(join(folder, "Dockerfile"), "FROM mine\n");
  await assert.rejects(rollback(promoteOptions(folder)), refused("changed", /was changed since the promotion/));
  assert.deepEqual(filesIn(folder), { ...promoted, Dockerfile: "FROM mine\n" });
});

test("rollback keeps the text that was promoted when it is nowhere else", async () => {
  const folder = await verifiedFolder();
  await promote(promoteOptions(folder));
  renameSync(join(folder, "Dockerfile.optimized"), join(folder, ".deadweight/moved"));
  await rollback(promoteOptions(folder));
  assert.deepEqual(filesIn(folder), { Dockerfile: oldText });
  assert.equal(filesIn(join(folder, ".deadweight"))["Dockerfile.Dockerfile"], newText);
});

test("a promotion that is killed at any step can be finished and undone", async () => {
  let step = 1;
  for (; ; step++) {
    const [finished, undone] = [await verifiedFolder(), await verifiedFolder()];
    const died = dieAfter("promote", finished, step);
    assert.equal(dieAfter("promote", undone, step), died);
    if (!died) break;
    assertNothingLost(filesIn(finished));
    await promote(promoteOptions(finished));
    assert.deepEqual(filesIn(finished), promoted, `finished after step ${step}`);
    await rollback(promoteOptions(undone));
    assert.deepEqual(filesIn(undone), initial, `undone after step ${step}`);
    await promote(promoteOptions(undone));
    assert.deepEqual(filesIn(undone), promoted, `promoted again after step ${step}`);
  }
  assert.ok(step > 3, `${step - 1} steps were there`);
});

test("a rollback that is killed at any step can be finished, and nothing is promoted meanwhile", async () => {
  let step = 1;
  for (; ; step++) {
    const folder = await verifiedFolder();
    await promote(promoteOptions(folder));
    if (!dieAfter("rollback", folder, step)) break;
    assertNothingLost(filesIn(folder));
    await assert.rejects(promote(promoteOptions(folder)), /a rollback was begun/);
    await rollback(promoteOptions(folder));
    assert.deepEqual(filesIn(folder), initial, `after step ${step}`);
  }
  assert.ok(step > 3, `${step - 1} steps were there`);
});

test("of two promotions, rollback undoes the last and then the first", async () => {
  const folder = await verifiedFolder();
  await promote(promoteOptions(folder));
  const record = join(folder, ".deadweight/Dockerfile.json");
  const text = execFileSync("cat", [record], { encoding: "utf8" });
  const { original, candidate } = JSON.parse(text) as { original: { sha256: string }; candidate: { sha256: string } };
  // As if a third one had been verified against what is there now: the old text again.
  writeFileSync(join(folder, "Dockerfile.optimized"), oldText);
  writeFileSync(
    record,
    JSON.stringify({
      ...JSON.parse(text),
      original: { ...original, sha256: candidate.sha256 },
      candidate: { ...candidate, sha256: original.sha256 },
    }),
  );
  await promote(promoteOptions(folder));
  assert.deepEqual([filesIn(folder)["Dockerfile"], filesIn(folder)["Dockerfile.old.1"]], [oldText, newText]);
  await rollback(promoteOptions(folder));
  assert.deepEqual([filesIn(folder)["Dockerfile"], filesIn(folder)["Dockerfile.old.1"]], [newText, undefined]);
  await rollback(promoteOptions(folder));
  assert.deepEqual(filesIn(folder)["Dockerfile"], oldText);
});

describe("in git", { skip: without("git") }, () => {
  const git = (folder: string, ...args: string[]): string => {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" });
  };
  const environment = {
    ...process.env,
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.org",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.org",
  };
  const committed = async (): Promise<string> => {
    const folder = await verifiedFolder();
    git(folder, "init", "--quiet");
    git(folder, "add", "Dockerfile");
    git(folder, "commit", "--quiet", "-m", "first");
    writeFileSync(join(folder, "staged"), "s");
    git(folder, "add", "staged");
    return folder;
  };

  test("the change is one commit of the Dockerfile alone, and rollback another", async () => {
    const folder = await committed();
    const options = promoteOptions(folder, { commit: true, environment });
    await promote(options);
    assert.deepEqual({ ...filesIn(folder), staged: undefined }, { ...initial, Dockerfile: newText, staged: undefined });
    assert.deepEqual(git(folder, "show", "--format=", "--name-only", "HEAD").trim(), "Dockerfile");
    assert.equal(git(folder, "show", "HEAD:Dockerfile"), newText);
    assert.equal(git(folder, "status", "--porcelain", "--", "staged", "Dockerfile").trim(), "A  staged");
    await rollback(options);
    assert.equal(git(folder, "show", "HEAD:Dockerfile"), oldText);
    assert.equal(git(folder, "rev-list", "--count", "HEAD").trim(), "3");
    assert.equal(git(folder, "status", "--porcelain", "--", "staged", "Dockerfile").trim(), "A  staged");
  });

  test("a Dockerfile that git does not have as it is would be lost: refused", async () => {
    const folder = await committed();
    const other = await verifiedFolder();
    git(folder, "rm", "--quiet", "--cached", "Dockerfile");
    for (const one of [folder, other]) {
      await assert.rejects(
        promote(promoteOptions(one, { commit: true, environment })),
        refused("usage", /is not in git as it is/),
      );
      assert.equal(filesIn(one)["Dockerfile"], oldText);
    }
  });

  test("killed at any step, it is finished with one commit", async () => {
    for (const [name, value] of Object.entries(environment)) if (name.startsWith("GIT_")) process.env[name] = value;
    for (let step = 1; ; step++) {
      const folder = await committed();
      if (!dieAfter("promote", folder, step, { commit: true })) break;
      await promote(promoteOptions(folder, { commit: true, environment }));
      assert.equal(git(folder, "show", "HEAD:Dockerfile"), newText);
      assert.equal(git(folder, "rev-list", "--count", "HEAD").trim(), "2", `after step ${step}`);
    }
  });
});

describe("at the engine", { skip: withoutEngine() }, () => {
  const tag = `${ownName("promoted")}:1`;
  const ids = { old: "", new: "" };
  const idOf = async (name: string): Promise<string> => (await docker("image", "ls", "--no-trunc", "--quiet", name)).trim();
  before(async () => {
    for (const which of ["old", "new"] as const) {
      const text = `FROM scratch\nCOPY ${which} /file\n`;
      ids[which] = (
        await buildWith(
          planOf(contextWith({ [which]: `${which}${process.pid}` }), text, { tags: [`${ownName("promoted")}:${which}`] }),
        )
      ).imageId;
    }
  });
  after(() => docker("image", "rm", "--force", ids.old, ids.new));

  test("the name moves to the verified image, the old one keeps another, and rollback moves it back", async () => {
    await docker("tag", ids.old, tag);
    const folder = await verifiedFolder({ tag, imageId: ids.new });
    const { image } = await promote(promoteOptions(folder));
    assert.deepEqual([await idOf(tag), await idOf(`${tag}-before-deadweight`)], [ids.new, ids.old]);
    assert.equal(image?.keptAs, `${tag}-before-deadweight`);
    await rollback(promoteOptions(folder));
    assert.deepEqual([await idOf(tag), await idOf(`${tag}-before-deadweight`)], [ids.old, ""]);
  });

  test("killed at any step, the name is moved or moved back", async () => {
    for (let step = 1; ; step++) {
      await docker("tag", ids.old, tag);
      const folder = await verifiedFolder({ tag, imageId: ids.new });
      if (!dieAfter("promote", folder, step)) {
        await rollback(promoteOptions(folder));
        break;
      }
      if (step % 2 === 0) await promote(promoteOptions(folder));
      if (step % 2 === 0) assert.equal(await idOf(tag), ids.new, `after step ${step}`);
      await rollback(promoteOptions(folder));
      assert.deepEqual([await idOf(tag), await idOf(`${tag}-before-deadweight`)], [ids.old, ""], `after step ${step}`);
      assert.deepEqual(filesIn(folder), initial);
    }
  });

  test("a name that nothing had is taken away again, a name that was moved meanwhile is left alone", async () => {
    await docker("rmi", tag).catch(() => {});
    const folder = await verifiedFolder({ tag, imageId: ids.new });
    await promote(promoteOptions(folder));
    assert.equal(await idOf(tag), ids.new);
    await rollback(promoteOptions(folder));
    assert.equal(await idOf(tag), "");
    await promote(promoteOptions(folder));
    await docker("tag", ids.old, tag);
    await assert.rejects(rollback(promoteOptions(folder)), refused("changed", /means another image since/));
    assert.deepEqual(filesIn(folder), promoted);
  });

  test("an image that the engine has no longer is not promoted", async () => {
    const folder = await verifiedFolder({ tag, imageId: `sha256:${"0".repeat(64)}` });
    await assert.rejects(promote(promoteOptions(folder)), refused("not-verified", /the engine has the verified image no longer/));
    assert.deepEqual(filesIn(folder), initial);
    assert.deepEqual(readdirSync(join(folder, ".deadweight")).sort(), [".gitignore", "Dockerfile.json"]);
  });
});

/** Both texts are somewhere, whole. */
function assertNothingLost(files: Readonly<Record<string, string>>): void {
  const texts = Object.values(files);
  assert.ok(texts.includes(oldText) && texts.includes(newText), JSON.stringify(files));
  for (const text of texts) assert.ok(text === oldText || text === newText, JSON.stringify(files));
  assert.ok(files["Dockerfile"] !== undefined, "there is always a Dockerfile");
}
