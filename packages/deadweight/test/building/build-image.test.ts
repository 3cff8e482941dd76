import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sentName } from "../../src/building/build-image.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { BuilderName } from "../../src/model/build.ts";
import { buildWith, contextWith, planOf, tagSmallBase } from "../support/building.ts";
import { docker } from "../support/engine.ts";
import { ownName } from "../support/engine-names.ts";
import { takeTurn } from "../support/take-turn.ts";
import { withoutEngine } from "../support/tools.ts";

const builders: readonly BuilderName[] = ["buildkit", "legacy"];

describe("images are built by the engine", { skip: withoutEngine() }, () => {
  const base = ownName("built-base");
  const made: string[] = [];
  const build: typeof buildWith = async (...args) => {
    const built = await buildWith(...args);
    made.push(built.imageId);
    return built;
  };
  let giveBack = (): void => {};
  before(async () => {
    giveBack = await takeTurn("containers");
    await tagSmallBase(base);
  });
  after(async () => {
    await docker("image", "rm", "--force", base, ...new Set(made));
    giveBack();
  });

  for (const builder of builders) {
    test(`${builder}: gives the image, its steps with their times, and what was cached the second time`, async () => {
      const text = `FROM ${base}\nRUN sleep 0.2 && \\\n    echo ${process.pid}-${builder} > /told\nCOPY . /srv\n`;
      const folder = contextWith({ "a.txt": "a", Dockerfile: "another" });
      const events: string[] = [];
      const first = await build(planOf(folder, text, { builder }), (event) => events.push(event.kind));
      assert.match(first.imageId, /^sha256:[0-9a-f]{64}$/);
      assert.deepEqual([first.builder, first.contextFiles], [builder, 2]);
      const [, run, copy] = first.steps;
      assert.match(run?.text ?? "", /^RUN sleep 0\.2 && echo \d+-\w+ > \/told$/);
      assert.ok((run?.durationMs ?? 0) >= 200 && (run?.durationMs ?? 0) <= first.durationMs, JSON.stringify(run));
      assert.equal(copy?.text, "COPY . /srv");
      assert.deepEqual(first.steps.map(({ isCached }) => isCached).slice(1), [false, false]);
      assert.ok(events.filter((kind) => kind === "start").length >= 3);
      const again = await build(planOf(folder, text, { builder }));
      assert.equal(again.imageId, first.imageId);
      assert.deepEqual(again.steps.map(({ isCached }) => isCached).slice(1), [true, true]);
      assert.equal(
        (await docker("run", "--rm", "--network", "none", first.imageId, "cat", "/srv/Dockerfile")).trim(),
        text.trim(),
      );
      const inspected = await docker("image", "inspect", "--format", "{{.Size}}", first.imageId);
      assert.equal(first.engineBytes, Number(inspected));
    });

    test(`${builder}: what a context holds arrives as it is`, async () => {
      const folder = contextWith({ "run.sh": "#!/bin/sh\n", "deep/er/file": "x", "names/ä ö": "u" });
      chmodSync(join(folder, "run.sh"), 0o750);
      symlinkSync("deep/er", join(folder, "link"));
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/names/`), Buffer.from([0x62, 0xff])]), "bytes");
      const text = `FROM ${base}\nCOPY . /c\nRUN stat -c '%n %a %u' /c/run.sh && readlink /c/link && ls /c/names | od -An -c\n`;
      const { imageId } = await build(planOf(folder, text, { builder }));
      const script =
        "stat -c '%a %u' /c/run.sh; readlink /c/link; cd /c/names; printf '%s\\n' * | od -An -tx1; find /c -type f | wc -l";
      const [mode, link, names, files] = (await docker("run", "--rm", "--network", "none", imageId, "sh", "-c", script)).split(
        "\n",
      );
      assert.deepEqual([mode, link, names?.trim(), files?.trim()], ["750 0", "deep/er", "62 ff 0a c3 a4 20 c3 b6 0a", "5"]);
    });

    test(`${builder}: arguments, target, tags and labels are passed on`, async () => {
      const text = `FROM ${base} AS one\nARG WHO\nRUN echo "$WHO" > /who\nFROM one AS two\nRUN false\n`;
      const tag = ownName(`tagged-${builder}`);
      const more = { builder, args: { WHO: "me & you" }, target: "one", tags: [`${tag}:x`], labels: { made: "here" } };
      const { imageId } = await build(planOf(contextWith({}), text, more));
      assert.equal(await docker("run", "--rm", "--network", "none", `${tag}:x`, "cat", "/who"), "me & you\n");
      assert.equal(
        (await docker("image", "inspect", "--format", "{{.Id}} {{.Config.Labels.made}}", `${tag}:x`)).trim(),
        `${imageId} here`,
      );
    });

    test(`${builder}: a step that fails is named, with its line and what it printed last`, async () => {
      const text = `FROM ${base}\n\nRUN seq 1 40 >&2; echo sorry >&2; exit 7\n`;
      const lineOf = ({ text: step }: { readonly text: string }): number | undefined =>
        step.startsWith("RUN seq") ? 3 : undefined;
      const failed = buildWith(planOf(contextWith({}), text, { builder, lineOf }));
      await assert.rejects(failed, (error) => {
        assert.ok(error instanceof UserError && error.code === "build-failed", String(error));
        assert.match(error.message, /^Dockerfile:3: step \[[^\]]*2\/2\] RUN seq 1 40 .*; .*: .*7$/);
        assert.ok(error.details.includes("sorry") && error.details.includes("40"), error.details.join("|"));
        assert.ok(error.details.length <= 15);
        return true;
      });
    });

    test(`${builder}: a Dockerfile that can't be read is refused with its line`, async () => {
      const failed = buildWith(planOf(contextWith({}), `FROM ${base}\nRUN true\nFETCH x\n`, { builder }));
      await assert.rejects(failed, (error) => {
        assert.ok(error instanceof UserError && error.code === "build-failed", String(error));
        assert.match(error.message, /^Dockerfile:3: .*unknown instruction: FETCH/i);
        return true;
      });
    });

    test(`${builder}: one that is stopped leaves no container`, async () => {
      const stop = new AbortController();
      const mark = `dw-stopped-${builder}-${process.pid}`;
      const events: string[] = [];
      const failed = buildWith(
        planOf(contextWith({}), `FROM ${base}\nRUN sleep 300 # ${mark}\n`, { builder }),
        (event) => {
          if (event.kind === "start" && event.label.includes("sleep 300")) setTimeout(() => stop.abort("SIGINT"), 300);
          events.push(event.kind);
        },
        stop.signal,
      );
      await assert.rejects(failed);
      assert.ok(events.length > 0 && stop.signal.aborted, "the step was never begun");
      await gone(mark);
    });
  }

  test("a Dockerfile from elsewhere is sent beside the context", async () => {
    const text = `FROM ${base}\nCOPY a.txt /a.txt\n`;
    const { dockerfile: _, ...plan } = planOf(contextWith({ "a.txt": "a" }), text);
    const { imageId, contextFiles } = await build(plan);
    assert.equal(contextFiles, 2);
    assert.equal(await docker("run", "--rm", "--network", "none", imageId, "cat", "/a.txt"), "a");
    assert.match(sentName, /^\./);
  });

  test("a context that is not there is said before the engine is asked", async () => {
    await assert.rejects(buildWith(planOf("/not/there", `FROM ${base}\n`)), /build context \/not\/there: no such file/);
  });
});

/** Waits until no process and no container of a step is left; the engine may take a moment. */
async function gone(mark: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const containers = await docker("ps", "--all", "--no-trunc", "--format", "{{.Command}}");
    if (!containers.includes(mark) && !commands().some((command) => command.includes(mark))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("the step still runs");
}

function commands(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1");
      } catch {
        return "";
      }
    });
}
