import assert from "node:assert/strict";
import { test } from "node:test";
import { layerLimits, parseLayerShape, printLayerShape, rebuildsBase } from "../../src/model/layer-shape.ts";

test("shapes are read as they are printed", () => {
  for (const text of ["keep", "squash-own", "squash", "balance=1", "balance=125", "balance=vercel", "balance=s3-registry"]) {
    const shape = parseLayerShape(text);
    assert.equal(shape === undefined ? undefined : printLayerShape(shape), text);
  }
  for (const text of ["", "flat", "balance", "balance=", "balance=0", "balance=126", "balance=1.5", "balance=-1", "balance=mars"])
    assert.equal(parseLayerShape(text), undefined, text);
});

test("a platform stands for the bytes that it takes of a layer", () => {
  assert.deepEqual(parseLayerShape("balance=vercel"), { kind: "limit", name: "vercel", layerBytes: 500_000_000 });
  for (const { name, layerBytes, source } of layerLimits) assert.ok(layerBytes > 1_000_000 && source !== "", name);
});

test("the base's layers are made anew by what makes all layers anew", () => {
  const rebuilding = ["keep", "squash-own", "squash", "balance=2", "balance=harbor"].filter((text) => {
    const shape = parseLayerShape(text);
    return shape !== undefined && rebuildsBase(shape);
  });
  assert.deepEqual(rebuilding, ["squash", "balance=2", "balance=harbor"]);
});
