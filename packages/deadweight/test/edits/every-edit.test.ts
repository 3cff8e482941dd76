import assert from "node:assert/strict";
import { test } from "node:test";
import { checks } from "../../src/checks/index.ts";
import { edits } from "../../src/edits/index.ts";
import { edited } from "../support/editing.ts";

for (const edit of edits) {
  test(`${edit.name}: its example becomes what it says, of which it wants nothing more`, () => {
    const world = { asked: [edit.name], withoutGpu: true };
    assert.equal(edited(edit, edit.example.before, world), edit.example.after);
  });

  test(`${edit.name}: a file with CRLF gets the same edit`, () => {
    const world = { asked: [edit.name], withoutGpu: true };
    const after = edited(edit, edit.example.before.replaceAll("\n", "\r\n"), world);
    assert.equal(after.replaceAll("\r\n", "\n"), edit.example.after);
  });

  test(`${edit.name}: the checks that it names exist`, () => {
    const known = new Set(checks.map(({ name }) => name));
    assert.deepEqual(
      edit.checks.filter((name) => !known.has(name)),
      [],
    );
  });
}
