import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveRows } from "../../../src/cli/progress/live-rows.ts";
import { widthOf } from "../../../src/lib/text-width.ts";
import { Recorder } from "../../support/command-line.ts";
import { screenOf } from "../../support/screen.ts";

/** Live rows on a terminal, with a clock that goes on by a second at each look. */
function onTerminal(columns = 60): { rows: LiveRows; terminal: Recorder } {
  const terminal = new Recorder(true, columns);
  let seconds = 0;
  return { rows: new LiveRows(terminal, {}, () => 1000 * seconds++), terminal };
}

test("rows of the steps under way, notes above them, and nothing left in the end", () => {
  const { rows, terminal } = onTerminal();
  rows.show({ kind: "note", text: "x: from docker" });
  rows.show({ kind: "start", id: "0", label: "layer 0", total: 1000 });
  rows.show({ kind: "start", id: "1", label: "layer 1", total: 4000 });
  rows.show({ kind: "advance", id: "0", done: 500 });
  assert.deepEqual(screenOf(terminal.text), {
    rows: ["x: from docker", "layer 0  500 B of 1.00 kB, 50%", "layer 1  0 B of 4.00 kB, 0%"],
    isCursorShown: false,
  });
  rows.show({ kind: "end", id: "0" });
  rows.show({ kind: "note", text: "a second note" });
  assert.deepEqual(screenOf(terminal.text).rows, [
    "x: from docker",
    "a second note",
    "layer 1  0 B of 4.00 kB, 0%",
    "1 done, 1 under way",
  ]);
  rows.close();
  assert.deepEqual(screenOf(terminal.text), { rows: ["x: from docker", "a second note"], isCursorShown: true });
});

test("after closing nothing more is written", () => {
  const { rows, terminal } = onTerminal();
  rows.show({ kind: "start", id: "0", label: "layer 0" });
  rows.close();
  const before = terminal.text;
  rows.show({ kind: "note", text: "late" });
  rows.close();
  assert.equal(terminal.text, before);
});

test("no row is wider than the terminal, whatever the label and the width", () => {
  for (const columns of [0, 1, 10, 40, 200]) {
    for (const label of ["layer ".repeat(60), "模型".repeat(100), "\u001b[31m\n\r\u202e".repeat(40)]) {
      const { rows, terminal } = onTerminal(columns);
      rows.show({ kind: "start", id: "0", label, total: 5 });
      rows.show({ kind: "advance", id: "0", done: 123_456_789, total: 9e15 });
      // A pseudo-terminal that says 0 is taken for 80 wide.
      for (const row of screenOf(terminal.text).rows) assert.ok(widthOf(row) < (columns || 80) || columns === 1, row);
    }
  }
});

test("many steps: as many rows as there is room, the others counted", () => {
  const { rows, terminal } = onTerminal();
  for (let index = 0; index < 40; index++) rows.show({ kind: "start", id: String(index), label: `layer ${index}` });
  const shown = screenOf(terminal.text).rows;
  assert.equal(shown.length, 11);
  assert.equal(shown.at(-1), "0 done, 40 under way");
});

test("drawn at most every 80 milliseconds, a note at once", () => {
  const terminal = new Recorder(true);
  let now = 0;
  const rows = new LiveRows(terminal, {}, () => now);
  rows.show({ kind: "start", id: "0", label: "layer 0", total: 100 });
  const first = terminal.text;
  now = 79;
  rows.show({ kind: "advance", id: "0", done: 10 });
  assert.equal(terminal.text, first);
  rows.show({ kind: "note", text: "now" });
  assert.deepEqual(screenOf(terminal.text).rows, ["now", "layer 0  10 B of 100 B, 10%"]);
  now = 200;
  rows.show({ kind: "advance", id: "0", done: 20 });
  assert.deepEqual(screenOf(terminal.text).rows, ["now", "layer 0  20 B of 100 B, 20%"]);
});
