import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromThreadError, toThreadError } from "../../src/image/thread-error.ts";
import { UserError } from "../../src/lib/user-error.ts";

/** The error as it comes out of another thread. */
const across = (error: unknown): Error => fromThreadError(structuredClone(toThreadError(error)));

test("a UserError stays one, with its code", () => {
  const error = across(new UserError("corrupt-layer", "tar: cut off"));
  assert.ok(error instanceof UserError && error.code === "corrupt-layer" && error.message === "tar: cut off");
});

test("what the system refuses is the user's to mend", () => {
  let failure: unknown;
  try {
    readFileSync("/no/such/file");
  } catch (error) {
    failure = error;
  }
  const error = across(failure);
  assert.ok(error instanceof UserError && error.code === "unreadable" && /no such file/.test(error.message));
});

test("a bug stays a bug, with the stack of the thread that it happened in", () => {
  const bug = new RangeError("out of it");
  const error = across(bug);
  assert.ok(!(error instanceof UserError));
  assert.deepEqual([error.message, error.stack], [bug.message, bug.stack]);
  assert.equal(across("thrown text").message, "thrown text");
});
