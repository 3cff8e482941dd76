import assert from "node:assert/strict";
import { test } from "node:test";
import { watchBuildKit } from "../../src/building/watch-buildkit.ts";

/** A message that tells of one step: vertexes 1 with digest 1 and name 3. */
function told(name: string): { id: string; aux: string } {
  const field = (number: number, content: readonly number[]): number[] => [number * 8 + 2, content.length, ...content];
  const bytes = [...Buffer.from(name)];
  return { id: "moby.buildkit.trace", aux: Buffer.from(field(1, [...field(1, bytes), ...field(3, bytes)])).toString("base64") };
}

test("steps stand in the order of their stage, whatever is told first", () => {
  const watcher = watchBuildKit({ now: () => 0, onProgress: () => {} });
  for (const name of [
    "[internal] load build definition",
    "[build 10/11] RUN c",
    "[stage-1 2/2] COPY x",
    "[build  2/11] RUN b",
    "[build  1/11] FROM a",
    "[stage-1 1/2] FROM d",
  ])
    watcher.take(told(name));
  assert.deepEqual(
    watcher.steps().map(({ text }) => text),
    ["FROM a", "RUN b", "RUN c", "FROM d", "COPY x"],
  );
});
