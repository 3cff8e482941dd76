import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonImports } from "../../src/checks/python-imports.ts";
import type { ImportSweep } from "../../src/model/observation.ts";
import { observedOf, verdictOf } from "../support/observed.ts";

const said = (before: ImportSweep, after: ImportSweep): Promise<string> =>
  verdictOf(pythonImports, observedOf({ before: [], after: [] }, { imports: { before, after } }));
const sweep = (modules: Record<string, string | undefined>): ImportSweep => new Map(Object.entries(modules));

test("the same set can be imported; what failed before may fail", async () => {
  const old = sweep({ a: undefined, b: undefined, broken: "ImportError: x" });
  assert.equal(await said(old, old), "same: 2 modules");
  assert.equal(await said(old, sweep({ a: undefined, b: undefined, more: "ImportError" })), "same: 2 modules");
  assert.equal(
    await said(old, sweep({ a: "ImportError: libz.so.1" })),
    "different: 2 modules can't be imported any more\na: ImportError: libz.so.1\nb: is not installed any more",
  );
  assert.equal(await said("there is no Python", old), "not-run: there is no Python");
  assert.equal(await said(old, "python3 ends with 127: "), "different: nothing can be imported\npython3 ends with 127: ");
});
