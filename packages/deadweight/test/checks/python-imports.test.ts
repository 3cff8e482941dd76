import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonImports } from "../../src/checks/python-imports.ts";
import type { ImportSweep } from "../../src/model/observation.ts";
import { observedOf, verdictOf } from "../support/observed.ts";
import { comparisonOf, imageOf } from "../support/side-by-side.ts";

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

test("a module whose own file was to go is not missed; one that needs it is", async () => {
  const [dumb, user] = ["usr/lib/python3.11/dumb.py", "usr/lib/python3.11/user.py"];
  const image = imageOf([dumb, user].map((path) => ({ path, content: "#" })));
  const after = sweep({ dumb: "ModuleNotFoundError", user: "ModuleNotFoundError: dumb" });
  const observed = observedOf(
    { before: [], after: [] },
    { imports: { before: sweep({ dumb: undefined, user: undefined }), after } },
  );
  const removed = {
    ...comparisonOf(image, image),
    observed,
    expected: (path: string) => new Set(path === dumb ? ["remove" as const] : []),
  };
  const [result] = await pythonImports.compare(removed);
  assert.deepEqual([result?.verdict, result?.details], ["different", ["user: ModuleNotFoundError: dumb"]]);
  const both = await pythonImports.compare({ ...removed, expected: () => new Set(["remove" as const]) });
  assert.deepEqual(both, [{ verdict: "same", reason: "0 modules, 2 others removed as planned" }]);
});

test("a Python that was to go imports nothing; one that is gone unannounced is missed", async () => {
  const [before, after] = [imageOf([{ path: "usr/bin/python3", content: "x", mode: 0o755 }]), imageOf([])];
  const imports = { before: sweep({ a: undefined }), after: "there is no Python in PATH" };
  const comparison = { ...comparisonOf(before, after), observed: observedOf({ before: [], after: [] }, { imports }) };
  assert.equal(
    await verdictOf(pythonImports, comparison.observed),
    "different: nothing can be imported\nthere is no Python in PATH",
  );
  const unannounced = await pythonImports.compare(comparison);
  assert.deepEqual(
    unannounced.map(({ verdict }) => verdict),
    ["different"],
  );
  const announced = await pythonImports.compare({ ...comparison, expected: () => new Set(["remove" as const]) });
  assert.deepEqual(announced, [{ verdict: "not-run", reason: "Python was to go" }]);
});
