import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cut } from "../../../src/archive/deflate/cut.ts";
import { planSplice } from "../../../src/archive/deflate/plan-splice.ts";
import { gzipOf, mixedContent } from "../../support/gzip-streams.ts";
import { spliced } from "../../support/splicing.ts";

const MB = 1_000_000;
const source = { tarBytes: 300 * MB, compressedBytes: 100 * MB, threads: 1 };
const spread = (count: number, length: number, tarBytes = source.tarBytes): readonly Cut[] =>
  Array.from({ length: count }, (_, index) => {
    const start = Math.floor((index * tarBytes) / count);
    return { start, end: start + length };
  });

test("a few cuts deflate little anew", () => {
  const plan = planSplice([{ start: 100 * MB, end: 139 * MB }], source);
  assert.equal(plan.tarBytes, 261 * MB);
  assert.ok(plan.deflatedBytes < MB);
  assert.ok(plan.isWorthwhile);
  assert.deepEqual(planSplice([], source), { tarBytes: 300 * MB, deflatedBytes: 0, isWorthwhile: true });
});

test("where cuts stand close nothing is left to copy, and recompressing in several threads is quicker sooner", () => {
  const dense = planSplice(spread(30_000, 512), source);
  assert.ok(dense.deflatedBytes > 0.99 * dense.tarBytes && dense.deflatedBytes <= dense.tarBytes);
  assert.ok(!dense.isWorthwhile);
  assert.ok(planSplice(spread(500, 512), source).isWorthwhile);
  assert.ok(!planSplice(spread(1000, 512), { ...source, threads: 2 }).isWorthwhile);
});

test("replacements count", () => {
  const replacement = { size: 20 * MB, chunks: [] };
  const plan = planSplice([{ start: 0, end: 10 * MB, replacement }], source);
  assert.equal(plan.tarBytes, 310 * MB);
  assert.ok(plan.deflatedBytes >= 20 * MB && plan.deflatedBytes < 21 * MB);
});

test("the estimate is near what is done", async () => {
  const content = mixedContent(20 * MB, 1, 100_000);
  const blob = gzipOf(content);
  for (const count of [5, 20, 100, 1000]) {
    const cuts = spread(count, 3000, content.length);
    const plan = planSplice(cuts, { tarBytes: content.length, compressedBytes: blob.length, threads: 1 });
    const { result } = await spliced(blob, cuts);
    assert.equal(result.tarBytes, plan.tarBytes);
    const ratio = plan.deflatedBytes / result.deflatedBytes;
    assert.ok(ratio > 0.5 && ratio < 2, `${count} cuts: ${plan.deflatedBytes} planned, ${result.deflatedBytes} done`);
  }
});
