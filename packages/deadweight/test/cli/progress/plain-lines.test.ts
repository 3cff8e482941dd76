import assert from "node:assert/strict";
import { test } from "node:test";
import { plainLines } from "../../../src/cli/progress/plain-lines.ts";
import { Recorder } from "../../support/command-line.ts";

test("a line at the beginning and the end of a step, and every five seconds between", () => {
  const output = new Recorder();
  let now = 0;
  const { show } = plainLines(output, () => now);
  show({ kind: "note", text: "x: from\u001b[2J docker" });
  show({ kind: "start", id: "0", label: "layer 0", total: 500_000_000 });
  show({ kind: "start", id: "1", label: "evaluating\nrules" });
  for (now = 0; now <= 11_000; now += 100) show({ kind: "advance", id: "0", done: now * 10_000 });
  show({ kind: "advance", id: "unknown", done: 5 });
  show({ kind: "end", id: "1", detail: "27 rules" });
  show({ kind: "end", id: "0" });
  show({ kind: "end", id: "0" });
  assert.equal(
    output.text,
    `x: from\\x1b[2J docker
layer 0 (500 MB)
evaluating\\nrules
layer 0: 50.0 MB of 500 MB, 10%
layer 0: 100 MB of 500 MB, 20%
evaluating\\nrules: done, 27 rules
layer 0: done
`,
  );
});
