import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProgressEvent } from "../../src/model/progress.ts";
import { createStoreProgress } from "../../src/pipeline/store-progress.ts";

test("a label becomes a step that begins once and ends when the store is done", () => {
  const events: ProgressEvent[] = [];
  const { tell, end } = createStoreProgress((event) => events.push(event));
  tell("saving app", 0, 10);
  tell("saving app", 10, 10);
  tell("expanding", 5, undefined);
  end();
  end();
  assert.deepEqual(events, [
    { kind: "start", id: "saving app", label: "saving app", total: 10 },
    { kind: "advance", id: "saving app", done: 0, total: 10 },
    { kind: "advance", id: "saving app", done: 10, total: 10 },
    { kind: "start", id: "expanding", label: "expanding" },
    { kind: "advance", id: "expanding", done: 5 },
    { kind: "end", id: "saving app" },
    { kind: "end", id: "expanding" },
  ]);
});
