import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createFileTree } from "../../src/facts/file-tree.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { LayerIndex } from "../../src/model/layer-index.ts";
import { gzipMembers } from "../support/compressed.ts";
import { hostileStacks, type HostileStack } from "../support/hostile-layers.ts";
import { readerFor, streamBlob } from "../support/reading.ts";
import { digestOf, scan, spansOf } from "../support/scanning.ts";

const reader = readerFor();
after(() => reader.close());

for (const stack of hostileStacks) {
  test(`${stack.what}: ${stack.refused === undefined ? "taken" : "refused"}`, async () => {
    check(stack, await outcomeOf(stack, async (bytes) => scan(bytes, { pieces: [100, 1000] })));
    check(stack, await outcomeOf(stack, (bytes) => reader.read(streamBlob(gzipMembers(bytes)))));
  });
}

/** The indexes, or the error of the first layer that is refused. Anything but a UserError is passed on. */
async function outcomeOf(
  stack: HostileStack,
  read: (bytes: Uint8Array) => Promise<LayerIndex>,
): Promise<readonly LayerIndex[] | UserError> {
  const indexes: LayerIndex[] = [];
  try {
    for (const layer of stack.layers) indexes.push(await read(layer));
    return indexes;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function check(stack: HostileStack, outcome: readonly LayerIndex[] | UserError): void {
  if (outcome instanceof UserError) {
    assert.ok(stack.refused !== undefined, `refused: ${outcome.message}`);
    assert.match(outcome.message, stack.refused);
    assert.match(outcome.message, /\(at byte \d+ of the layer( near ".*")?\)$/);
    assert.equal(outcome.exitCode, 3);
    return;
  }
  assert.equal(stack.refused, undefined, "taken");
  for (const [number, index] of outcome.entries()) {
    assert.equal(index.diffId, digestOf(stack.layers[number] ?? new Uint8Array(0)));
    const sum = (spans: readonly number[]): number => spans.reduce((total, span) => total + span, 0);
    assert.equal(sum(spansOf(index.starts, index.tarBytes)), index.tarBytes);
    assert.equal(sum(spansOf(index.compressedStarts, index.compressedBytes)), index.compressedBytes);
  }
  const tree = createFileTree(outcome);
  assert.deepEqual([...tree.all()].map((entry) => tree.path(entry)).sort(), [...(stack.shows ?? [])].sort());
  const told = [...outcome.flatMap(({ oddities }) => oddities), ...tree.oddities].map(({ message }) => message);
  for (const pattern of stack.told ?? [])
    assert.ok(
      told.some((message) => pattern.test(message)),
      `${String(pattern)} in ${told.join("; ")}`,
    );
  if (stack.told === undefined) assert.deepEqual(told, []);
}
