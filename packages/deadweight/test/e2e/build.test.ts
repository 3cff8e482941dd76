import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { docker } from "../support/engine.ts";
import { ownName } from "../support/engine-names.ts";
import { runCase, setCases } from "../support/dockerfile-set.ts";
import { serveSet, type SetServers } from "../support/dockerfile-set-servers.ts";
import { takeTurn } from "../support/take-turn.ts";
import { withoutBase } from "../support/dockerfile-set-bases.ts";
import { withoutEngine } from "../support/tools.ts";

/** Some of the set that `bench/rewrite.ts` runs as a whole: those that fetch nothing but on the loopback interface. */
const chosen = new Set(["pip-cache", "uv-cache", "owner-changed", "mode-changed", "windows-lines"]);

describe("Dockerfiles with mistakes are built, rewritten, built again and verified", { skip: missing() }, () => {
  const tag = `${ownName("rewritten")}:1`;
  let servers: SetServers;
  let giveBack = (): void => {};
  before(async () => {
    giveBack = await takeTurn("containers");
    servers = await serveSet();
  });
  after(async () => {
    await servers.close();
    await docker("image", "rm", "--force", `${tag}-original`, `${tag}-candidate`);
    giveBack();
  });

  for (const one of setCases.filter(({ name }) => chosen.has(name))) {
    test(`${one.name}: smaller by what was predicted, and the same`, async (t) => {
      const { outcome, predictedBytes, savedBytes } = await runCase(one, servers, tag);
      assert.equal(outcome.passed, true, JSON.stringify(outcome.edits));
      assert.ok(
        outcome.edits.every(({ status }) => status === "kept"),
        JSON.stringify(outcome.edits),
      );
      assert.ok(savedBytes > 1e6, `${savedBytes} bytes were saved`);
      assert.ok(Math.abs(predictedBytes / savedBytes - 1) <= 0.05, `${predictedBytes} bytes were predicted, ${savedBytes} saved`);
      t.diagnostic(`${predictedBytes} bytes were predicted, ${savedBytes} saved`);
    });
  }
});

function missing(): string | false {
  if (process.getuid?.() !== 0) return "debootstrap: needs root";
  return withoutEngine() || withoutBase("debian");
}
