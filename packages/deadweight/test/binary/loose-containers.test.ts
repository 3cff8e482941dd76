import assert from "node:assert/strict";
import { test } from "node:test";
import { looseInMemory, LooseContainers } from "../../src/binary/loose-containers.ts";

const containers = [
  { start: 1000, end: 1200 },
  { start: 1200, end: 1300 },
  { start: 2000, end: 2500 },
];

/** Numbers of the proven ones, once all of them are led to and this was seen besides. */
function provenWith(see: (loose: LooseContainers) => void): readonly number[] {
  const loose = new LooseContainers(containers);
  for (const [number, { start, end }] of containers.entries()) loose.takeSymbol(start, end - start, number);
  see(loose);
  return [...loose.proven()];
}

test("containers that code, a relocation or a dynamic symbol leads to are proven, others are not", () => {
  const loose = new LooseContainers(containers);
  loose.takeTarget(1200);
  loose.takeSymbol(2000, 500, 7);
  loose.takeSymbol(1000, 200);
  assert.deepEqual([...loose.proven()], [1, 2]);
});

const intrusions: Readonly<Record<string, readonly [see: (loose: LooseContainers) => void, proven: readonly number[]]>> = {
  "nothing else": [() => undefined, [0, 1, 2]],
  "an address in one": [(loose) => loose.takeTarget(1008), [1, 2]],
  "an address before all memory": [(loose) => loose.takeTarget(-5), [0, 1, 2]],
  "an address before all": [(loose) => loose.takeTarget(5), [0, 1, 2]],
  "its last byte": [(loose) => loose.takeTarget(2499), [0, 1]],
  "the byte behind it": [(loose) => loose.takeTarget(2500), [0, 1, 2]],
  "eight bytes that the loader writes across a border": [(loose) => loose.takePlace(1196), [2]],
  "eight bytes that the loader writes before one": [(loose) => loose.takePlace(1992), [0, 1, 2]],
  "eight bytes that reach into one": [(loose) => loose.takePlace(1993), [0, 1]],
  "a symbol around several": [(loose) => loose.takeSymbol(900, 1200), []],
  "a symbol of two": [(loose) => loose.takeSymbol(1000, 300), [2]],
  "a symbol of half of one": [(loose) => loose.takeSymbol(1000, 100), [1, 2]],
  "a symbol without a size in one": [(loose) => loose.takeSymbol(1004, 0), [1, 2]],
  "a symbol between them": [(loose) => loose.takeSymbol(1300, 700), [0, 1, 2]],
  "a relocation beside a name": [(loose) => loose.takeBesideName(2, 16), [0, 1]],
  "a relocation to a name": [(loose) => loose.takeBesideName(2, 0), [0, 1, 2]],
};

for (const [name, [see, proven]] of Object.entries(intrusions)) {
  test(`what is seen besides: ${name}`, () => assert.deepEqual(provenWith(see), proven));
}

test("containers in code, out of sections, or in an odd order have no address", () => {
  const section = { name: ".rodata", type: 1, flags: 2, address: 5000, offset: 1000, size: 2000, link: 0, info: 0, align: 8 };
  const headers = (flags: number, size = 2000) => ({
    machine: 62,
    segments: [],
    sectionsOffset: 0,
    namesIndex: 0,
    sections: [{ ...section, flags, size }],
  });
  assert.deepEqual(looseInMemory(headers(2), containers)[0], { start: 5000, end: 5200 });
  assert.deepEqual(looseInMemory(headers(6), containers), []);
  assert.deepEqual(looseInMemory(headers(0), containers), []);
  assert.deepEqual(looseInMemory(headers(2, 1499), containers), []);
  assert.deepEqual(looseInMemory(headers(2), containers.toReversed()), []);
});
