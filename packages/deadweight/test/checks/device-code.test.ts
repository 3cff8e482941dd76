import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceCode } from "../../src/checks/device-code.ts";
import { comparisonOf, imageOf, saidOf } from "../support/side-by-side.ts";

test("it is not run, and says why", async () => {
  assert.equal(
    await saidOf(deviceCode, comparisonOf(imageOf([]), imageOf([]))),
    "not-run: this version does not read device code",
  );
});
