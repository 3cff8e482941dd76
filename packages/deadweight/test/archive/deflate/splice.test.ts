import assert from "node:assert/strict";
import { test } from "node:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants, crc32, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { BitWriter } from "../../../src/archive/deflate/bit-writer.ts";
import { plainHeader } from "../../../src/archive/deflate/gzip-member.ts";
import { spliceGzip, type Spliced } from "../../../src/archive/deflate/splice.ts";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { folderOf, ociFrame, ociImage, sha256 } from "../../support/archived-image.ts";
import { gzipOf, mixedContent, type GzipRecipe } from "../../support/gzip-streams.ts";
import { seededRandom } from "../../support/random.ts";
import { edited, spliced, type TestCut } from "../../support/splicing.ts";
import { run, without } from "../../support/tools.ts";

const flushes = [3000, 3000, 50_000, 120_000, 390_000];
const recipes: readonly GzipRecipe[] = [
  {},
  { level: 0 },
  { level: 9, memLevel: 1, windowBits: 9 },
  { strategy: constants.Z_FIXED },
  { strategy: constants.Z_HUFFMAN_ONLY, flushes, flush: constants.Z_FULL_FLUSH },
  { memLevel: 1, flushes, flush: constants.Z_PARTIAL_FLUSH, borders: [1000, 1000, 200_000] },
];

/** Content, a recipe for its blob and cuts, of a few numbers: places are shares of the content, so that shrinking keeps them inside. */
const scenario = fc
  .record({
    length: fc.oneof(fc.nat(3000), fc.nat(400_000)),
    seed: fc.nat(1000),
    run: fc.constantFrom(50, 4000, 100_000),
    level: fc.constantFrom(0, 1, 6, 9),
    strategy: fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE),
    memLevel: fc.constantFrom(1, 2, 8, 9),
    windowBits: fc.constantFrom(9, 12, 15),
    flush: fc.constantFrom(constants.Z_PARTIAL_FLUSH, constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH, constants.Z_BLOCK),
    borders: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    flushes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
    cuts: fc.array(
      fc.record({
        start: fc.double({ min: 0, max: 1, noNaN: true }),
        share: fc.constantFrom(0, 0, 0.001, 0.02, 0.3),
        added: fc.constantFrom(undefined, 0, 1, 512, 70_000),
        atBorder: fc.boolean(),
      }),
      { maxLength: 8 },
    ),
    pieces: fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 3 }),
  })
  .map(({ length, seed, run, borders, flushes, cuts, pieces, ...rest }) => {
    const places = (shares: readonly number[]): number[] =>
      shares.map((share) => Math.floor(share * length)).sort((one, other) => one - other);
    const recipe: GzipRecipe = { ...rest, borders: places(borders), flushes: places(flushes) };
    return { content: mixedContent(length, seed, run), recipe, cuts: cutsOf(length, recipe, cuts), pieces };
  });

interface RoughCut {
  readonly start: number;
  readonly share: number;
  readonly added: number | undefined;
  readonly atBorder: boolean;
}

function cutsOf(length: number, recipe: GzipRecipe, rough: readonly RoughCut[]): readonly TestCut[] {
  const borders = [0, ...(recipe.borders ?? []), ...(recipe.flushes ?? []), length];
  let place = 0;
  return rough
    .map((cut) => ({
      ...cut,
      at: cut.atBorder ? (borders[Math.floor(cut.start * borders.length)] ?? length) : Math.floor(cut.start * length),
    }))
    .sort((one, other) => one.at - other.at)
    .map(({ at, share, added }) => {
      const start = Math.max(at, place);
      place = Math.min(length, start + Math.floor(share * length));
      return { start, end: place, ...(added === undefined ? {} : { bytes: mixedContent(added, at, 100) }) };
    });
}

test("the blob that comes out holds the edited content, in one member, whatever was cut out of what", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ content, recipe, cuts, pieces }) => {
      const source = gzipOf(content, recipe);
      const expected = edited(content, cuts);
      const { blob, result } = await spliced(source, cuts, pieces);
      assertHolds(blob, expected);
      assert.equal(result.digest, `sha256:${sha256(blob)}`);
      assert.equal(result.compressedBytes, blob.length);
      assert.equal(result.diffId, `sha256:${sha256(expected)}`);
      assert.equal(result.tarBytes, expected.length);
      assert.ok(result.deflatedBytes <= expected.length);
      const again = await spliced(source, cuts);
      assert.ok(again.blob.equals(blob), "other bytes when the source comes in one piece");
    }),
    { numRuns: 250, seed: 1 },
  );
});

/** One gzip member with a plain header, a right CRC and length, and this content. */
function assertHolds(blob: Buffer, expected: Buffer): void {
  assert.deepEqual([...blob.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  assert.ok(inflateRawSync(blob.subarray(10, -8)).equals(expected), "other content");
  assert.equal(blob.readUInt32LE(blob.length - 8), crc32(expected));
  assert.equal(blob.readUInt32LE(blob.length - 4), expected.length);
}

test("without a cut that changes something all blocks are copied", async () => {
  const content = mixedContent(900_000, 1);
  for (const recipe of recipes) {
    const source = gzipOf(content, recipe);
    for (const cuts of [
      [],
      [
        { start: 5, end: 5 },
        { start: 700_000, end: 700_000, bytes: Buffer.alloc(0) },
      ],
    ]) {
      const { blob, result } = await spliced(source, cuts);
      assertHolds(blob, content);
      assert.equal(result.deflatedBytes, 0, JSON.stringify(recipe));
      // An empty last block, and for each member the empty blocks that bring the next to a whole byte.
      assert.ok(blob.length < source.length + 8 * ((recipe.borders ?? []).length + 1));
    }
  }
});

test("little is deflated anew around a cut", async () => {
  const content = mixedContent(20_000_000, 2, 100_000);
  for (const [level, starts] of [
    [1, [7_654_321]],
    [6, [0, 7_654_321, 19_000_000]],
  ] as const) {
    const source = gzipOf(content, { level });
    for (const start of starts) {
      const { blob, result } = await spliced(source, [{ start, end: start + 1_000_000 }]);
      assertHolds(blob, edited(content, [{ start, end: start + 1_000_000 }]));
      assert.ok(result.deflatedBytes < 0.02 * result.tarBytes, `level ${level}, cut at ${start}: ${result.deflatedBytes}`);
    }
  }
});

test("a block stays when its window does: 32 KiB behind a cut, and at once where a member starts", async () => {
  // Stored blocks, each begins at a whole byte: the borders of the blocks are known.
  const content = mixedContent(300_000, 3);
  const block = 16_384;
  const flushes = Array.from({ length: 18 }, (_, index) => (index + 1) * block);
  const source = gzipOf(content, { level: 0, flushes });
  const cut = { start: 2 * block, end: 4 * block };
  assert.equal((await spliced(source, [cut])).result.deflatedBytes, 2 * block);
  assert.equal((await spliced(source, [{ ...cut, end: 4 * block + 1 }])).result.deflatedBytes, 3 * block - 1);
  assert.equal((await spliced(source, [{ ...cut, start: 2 * block - 1 }])).result.deflatedBytes, 3 * block - 1);
  const twoMembers = gzipOf(content, { level: 0, flushes, borders: [4 * block] });
  assert.equal((await spliced(twoMembers, [cut])).result.deflatedBytes, 0);
});

test("programs read what comes out, and what they wrote is spliced", { skip: without("gzip") }, async (t) => {
  const content = mixedContent(3_000_000, 4, 60_000);
  const cuts = [
    { start: 0, end: 1000, bytes: content.subarray(0, 512) },
    { start: 1_000_000, end: 1_100_000 },
    { start: 1_100_000, end: 1_100_000, bytes: mixedContent(200_000, 5) },
    { start: 2_900_000, end: 3_000_000 },
  ];
  const sources: Record<string, Buffer> = {
    gzip: run("gzip", ["-9c"], content),
    zlib: gzipOf(content, { borders: [1_050_000] }),
  };
  for (const program of ["pigz", "igzip"]) {
    if (without(program) === false) sources[program] = run(program, ["-c"], content);
    else t.diagnostic(`${program}: not on this machine`);
  }
  if (without("skopeo") === false) sources["skopeo"] = compressedBySkopeo(content);
  else t.diagnostic("skopeo: not on this machine");
  for (const [name, source] of Object.entries(sources)) {
    const { blob } = await spliced(source, cuts);
    assertHolds(blob, edited(content, cuts));
    for (const program of ["gzip", "pigz", "igzip"]) {
      if (without(program) === false)
        assert.ok(run(program, ["-dc"], blob).equals(edited(content, cuts)), `${program} of ${name}'s`);
    }
  }
});

function compressedBySkopeo(layer: Uint8Array): Buffer {
  const { blobs, descriptor } = ociImage([layer]);
  const folder = folderOf([...blobs, ...ociFrame([descriptor])]);
  run("skopeo", ["--insecure-policy", "copy", "-q", "--dest-compress", `oci:${folder}`, `dir:${folder}/copy`]);
  const names = readdirSync(join(folder, "copy")).map((name) => readFileSync(join(folder, "copy", name)));
  return names.find((bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b) ?? assert.fail("skopeo wrote no gzip blob");
}

test("a source cut off anywhere is refused", async () => {
  const content = mixedContent(3000, 6, 200);
  const source = gzipOf(content, { memLevel: 1, borders: [1000] });
  const border = gzipOf(content.subarray(0, 1000), { memLevel: 1 }).length;
  for (let length = 0; length < source.length; length++) {
    if (length === border) continue;
    await assert.rejects(spliced(source.subarray(0, length), [{ start: 500, end: 600 }], [700]), isUserError, `${length} bytes`);
  }
});

test("a flipped bit in the source gives a UserError or the right content", async () => {
  const random = seededRandom(7);
  for (const recipe of recipes) {
    const content = mixedContent(2500, 7, 100);
    const source = gzipOf(content, recipe.borders === undefined ? recipe : { ...recipe, borders: [1200] });
    for (let turn = 0; turn < 400; turn++) {
      const changed = Buffer.from(source);
      const bit = Math.floor(random() * 8 * source.length);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await assertRefusedOrRight(changed, content, [{ start: 1190, end: 1300 }], `bit ${bit} of ${JSON.stringify(recipe)}`);
    }
  }
});

test("bytes changed at random give a UserError or the right content", async () => {
  const random = seededRandom(8);
  const content = mixedContent(400_000, 8);
  const cuts = [
    { start: 100_000, end: 101_000 },
    { start: 300_000, end: 300_000, bytes: Buffer.from("more") },
  ];
  for (const recipe of recipes) {
    const source = gzipOf(content, recipe);
    for (let turn = 0; turn < 20; turn++) {
      const changed = Buffer.from(source);
      for (let count = 0; count < 3; count++) changed[Math.floor(random() * changed.length)] = random() * 256;
      await assertRefusedOrRight(changed, content, cuts, `turn ${turn} of ${JSON.stringify(recipe)}`);
    }
  }
});

async function assertRefusedOrRight(blob: Buffer, content: Buffer, cuts: readonly TestCut[], message: string): Promise<void> {
  try {
    assertHolds((await spliced(blob, cuts)).blob, edited(content, cuts));
  } catch (error) {
    assert.ok(isUserError(error), `${message}: ${String(error)}`);
  }
}

test("zeros behind the last member are passed over, anything else is refused", async () => {
  const content = mixedContent(10_000, 9);
  const source = gzipOf(content);
  const cut = { start: 10, end: 20 };
  const { blob } = await spliced(source, [cut]);
  for (const zeros of [1, 511, 300_000]) {
    const padded = await spliced(Buffer.concat([source, new Uint8Array(zeros)]), [cut], [1000]);
    assert.ok(padded.blob.equals(blob));
  }
  for (const rest of ["x", "\x1f", "\x1f\x8b\x08", "\0\0x", "\0\x1f\x8b"]) {
    await assert.rejects(spliced(Buffer.concat([source, Buffer.from(rest, "latin1")]), [cut]), isUserError, JSON.stringify(rest));
  }
});

test("a cut beyond the end is refused, and so are cuts out of order", async () => {
  const source = gzipOf(mixedContent(1000, 10));
  for (const cuts of [
    [{ start: 990, end: 1001 }],
    [{ start: 1001, end: 1001, bytes: Buffer.from("x") }],
    [{ start: 5000, end: 6000 }],
  ])
    await assert.rejects(spliced(source, cuts), isUserError);
  for (const cuts of [
    [{ start: 5, end: 4 }],
    [
      { start: 5, end: 8 },
      { start: 7, end: 9 },
    ],
    [{ start: -1, end: 3 }],
    [{ start: 0.5, end: 3 }],
  ])
    await assert.rejects(spliced(source, cuts), RangeError);
});

test("a block that is too long to be held is deflated anew", async () => {
  // One block with a fixed code: a letter, 81,000 matches of 258 bytes at distance 1; then blocks of zlib's.
  const long = 1 + 81_000 * 258;
  const writer = new BitWriter();
  writer.bytes(plainHeader());
  writer.bits(0b010, 3);
  // Codes have their highest bit first: "a" is 0x30 + 97, 258 is 285: 11000101, distance 1 is 00000.
  writer.bits(0b10001001, 8);
  for (let match = 0; match < 81_000; match++) writer.bits(0b10100011, 13);
  writer.bits(0, 7);
  writer.moveToBit(0);
  const rest = mixedContent(1_000_000, 11);
  const content = Buffer.concat([Buffer.alloc(long, "a"), rest]);
  const tail = gzipOf(rest);
  writer.bytes(tail.subarray(10, -8));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length, 4);
  writer.bytes(trailer);
  const source = Buffer.concat(writer.take(true));
  assert.ok(inflateRawSync(source.subarray(10, -8)).equals(content));
  const cut = { start: long + 500_000, end: long + 500_010 };
  const { blob, result } = await spliced(source, [cut]);
  assertHolds(blob, edited(content, [cut]));
  assert.ok(result.deflatedBytes > long && result.deflatedBytes < long + 800_000, String(result.deflatedBytes));
});

test("replacements come from anywhere, and must have the size they say", async () => {
  const content = mixedContent(100_000, 12);
  const source = gzipOf(content);
  const splice = (size: number): Promise<Spliced> => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 10; index++) yield Promise.resolve(Buffer.alloc(100_000, index));
    }
    return spliceGzip([source], [{ start: 50_000, end: 60_000, replacement: { size, chunks: chunks() } }], () => {}, {
      limits: defaultLimits,
    });
  };
  assert.equal((await splice(1_000_000)).tarBytes, 1_090_000);
  await assert.rejects(splice(999_999), /^RangeError: the replacement at 50000 has 1000000 bytes, not 999999$/);
});

test("it stops when the sink fails, when it is aborted, and at a limit", async () => {
  const source = gzipOf(mixedContent(2_000_000, 13), { level: 0 });
  const full = new Error("no space left");
  const options = { limits: defaultLimits };
  await assert.rejects(
    spliceGzip([source], [], () => Promise.reject(full), options),
    (error) => error === full,
  );
  const reason = new Error("enough");
  await assert.rejects(
    spliceGzip([source], [], () => {}, { ...options, signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
  await assert.rejects(
    spliceGzip([source], [], () => {}, { limits: { ...defaultLimits, layerBytes: 1_999_999 } }),
    (error) => error instanceof UserError && error.code === "limit",
  );
});

test("the level is for what is deflated anew", async () => {
  const content = mixedContent(500_000, 14);
  const source = gzipOf(content, { level: 1 });
  const at = async (level: number): Promise<number> => {
    const cuts = [
      { start: 0, end: 1 },
      { start: 250_000, end: 250_001 },
    ];
    return (await spliceGzip([source], cuts, () => {}, { limits: defaultLimits, level })).compressedBytes;
  };
  assert.ok((await at(9)) < (await at(1)));
});

function isUserError(error: unknown): boolean {
  return error instanceof UserError && (error.code === "corrupt-layer" || error.code === "limit");
}
