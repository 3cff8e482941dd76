import assert from "node:assert/strict";
import { test } from "node:test";
import { command } from "../../src/checks/command.ts";
import { answerOf, lifeOf, observedOf, resultsOf, verdictOf } from "../support/observed.ts";

const said = (before: string, after: string, compare: object = {}, codes: readonly [number, number] = [0, 0]): Promise<string> =>
  verdictOf(
    command,
    observedOf(
      {
        before: [lifeOf({ answers: [answerOf(before, { code: codes[0] })] })],
        after: [lifeOf({ answers: [answerOf(after, { code: codes[1] })] })],
      },
      { service: { probes: [{ name: "home", command: ["x"], compare }] } },
    ),
  );

test("exit code and output, exactly, by a pattern, or as a number within a tolerance", async () => {
  assert.equal(await said("1\n", "1\n"), "same: exit code 0, 2 bytes");
  assert.equal(await said("1\n", "2\n"), 'different: 1 difference of the answer\nline 1: was "1", is "2"');
  assert.equal(await said("1", "1", {}, [0, 3]), "different: 1 difference of the answer\nexit code: was 0, is 3");
  assert.equal(await said("took 3 s", "took 4 s", { pattern: "^took \\d+ s$" }), "same: exit code 0, 8 bytes");
  assert.match(await said("took 3 s", "failed", { pattern: "^took" }), /^different: .*\nthe body has no \^took: "failed"$/);
  assert.match(await said("score 0.912", "score 0.915", { as: "number", tolerance: 0.01 }), /^same/);
  assert.match(await said("score 0.912", "score 0.95", { as: "number", tolerance: 0.01 }), /number: was 0.912, is 0.95$/);
  assert.match(await said("a 10 b 20", "a 10.05 b 20.1", { tolerance: 0.01 }), /^same/);
  assert.match(await said("a 10 b 20", "a 10.05 c 20.1", { tolerance: 0.01 }), /^different/);
  assert.match(await said("x", "y", { as: "nothing" }), /^same/);
});

test("a probe of the entry point has its answer apart, and each probe its result", async () => {
  const service = {
    probes: [
      { name: "a", arguments: ["--version"] },
      { name: "home", command: ["x"] },
    ],
  };
  const apart = { before: [answerOf("1", { probe: "a" })], after: [answerOf("2", { probe: "a" })] };
  const lives = [lifeOf({ answers: [answerOf("x")] })];
  const results = await resultsOf(command, observedOf({ before: lives, after: lives }, { service, apart }));
  assert.deepEqual(
    results.map(({ subject, verdict }) => [subject, verdict]),
    [
      ["a", "different"],
      ["home", "same"],
    ],
  );
  assert.equal(await verdictOf(command, observedOf({ before: lives, after: lives })), "not-run: no probe given");
});
