import assert from "node:assert/strict";
import { test } from "node:test";
import { type Attempt, bisectEdits } from "../../../src/pipeline/build/bisect-edits.ts";

interface Sized {
  readonly name: string;
  readonly predictedBytes: number;
}

const named = (names: string): readonly Sized[] => names.split("").map((name, place) => ({ name, predictedBytes: place + 1 }));
const namesOf = (edits: readonly Sized[]): string =>
  edits
    .map(({ name }) => name)
    .sort()
    .join("");

/** Fails where any of the groups is whole among the edits. */
const failing =
  (groups: readonly string[], tries: string[] = []) =>
  (edits: readonly Sized[]): Promise<Attempt<string>> => {
    const names = namesOf(edits);
    tries.push(names);
    const broken = groups.find((group) => group.split("").every((name) => names.includes(name)));
    return Promise.resolve(broken === undefined ? { result: names } : { failure: `${broken} breaks` });
  };

test("all that works is one attempt", async () => {
  const settled = await bisectEdits(named("abcd"), failing([]), 9);
  assert.deepEqual([namesOf(settled.kept), settled.dropped, settled.result, settled.attempts], ["abcd", [], "abcd", 1]);
});

test("one that fails is dropped with its reason, and the rest is kept", async () => {
  for (const bad of "abcdefgh") {
    const { kept, dropped, result, attempts } = await bisectEdits(named("abcdefgh"), failing([bad]), 20);
    assert.equal(namesOf(kept), "abcdefgh".replace(bad, ""));
    assert.deepEqual(
      dropped.map(({ edit, reason }) => [edit.name, reason]),
      [[bad, `${bad} breaks`]],
    );
    assert.equal(result, namesOf(kept));
    assert.ok(attempts <= 7, `${attempts} attempts`);
  }
});

test("of two that fail together the one that saves less goes", async () => {
  const { kept, dropped } = await bisectEdits(named("abcd"), failing(["ad"]), 20);
  assert.deepEqual([namesOf(kept), dropped.map(({ edit }) => edit.name)], ["bcd", ["a"]]);
});

test("when nothing works nothing is kept, and there is no result", async () => {
  const settled = await bisectEdits(named("ab"), failing(["a", "b"]), 20);
  assert.deepEqual([settled.kept, settled.dropped.length, "result" in settled], [[], 2, false]);
  assert.equal((await bisectEdits(named(""), failing([]), 20)).attempts, 0);
});

test("attempts are bounded, and what was not tried is said", async () => {
  const tries: string[] = [];
  const { kept, dropped, result } = await bisectEdits(named("abcdefgh"), failing(["h"], tries), 4);
  assert.equal(tries.length, 4);
  assert.equal(namesOf(kept).length + dropped.length, 8);
  assert.equal(result, kept.length === 0 ? undefined : namesOf(kept));
  assert.ok(
    dropped.some(({ reason }) => reason === "not tried: 4 builds were made"),
    JSON.stringify(dropped),
  );
});

test("what was kept last is what was tried with success last", async () => {
  const tries: string[] = [];
  const { kept } = await bisectEdits(named("abcdef"), failing(["c", "ef"], tries), 30);
  assert.ok(tries.includes(namesOf(kept)));
});
