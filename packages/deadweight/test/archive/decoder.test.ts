import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { sniffCompression } from "../../src/archive/decoder.ts";
import { defaultLimits } from "../../src/archive/limits.ts";
import { gzipMembers, skippableFrame, zstdFrame, zstdFrames } from "../support/compressed.ts";
import { decodeAll, type PieceSizes } from "../support/decoding.ts";
import { seededRandom } from "../support/random.ts";
import { run, without } from "../support/tools.ts";

const text = (content: string): Uint8Array => Buffer.from(content, "latin1");
const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

/** Content that compresses to about a half, in blocks of all kinds: noise, runs and text. */
function sample(length: number, seed: number): Buffer {
  const random = seededRandom(seed);
  const content = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + 1 + Math.floor(random() * 4000));
    const kind = Math.floor(random() * 3);
    for (let index = at; index < end; index++) content[index] = kind === 0 ? random() * 256 : kind === 1 ? 65 : 97 + (index % 7);
    at = end;
  }
  return content;
}

const sizes = fc.record({
  input: fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5000 })), { minLength: 1, maxLength: 6 }),
  output: fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20_000 })), {
    minLength: 1,
    maxLength: 6,
  }),
});
const borders = fc.array(fc.nat(20_000), { maxLength: 6 }).map((list) => list.toSorted((one, other) => one - other));
const content = fc.tuple(fc.constantFrom(0, 1, 100, 20_000), fc.nat(50)).map(([length, seed]) => sample(length, seed));

function assertDecodes(blob: Uint8Array, expected: Uint8Array, pieces: PieceSizes): void {
  const { output, consumed, error } = decodeAll(blob, pieces);
  assert.equal(error, "");
  assert.ok(output.equals(expected), "other content");
  assert.equal(consumed, blob.length, "input accounted for");
}

/** Cut off at any byte but those that are fine, given whole and byte by byte, the blob must be refused. */
function assertRefusedWhenCut(blob: Uint8Array, fine: readonly number[] = []): void {
  for (let length = 4; length < blob.length; length++) {
    const cut = blob.subarray(0, length);
    for (const pieces of [{}, { input: [1], output: [7] }]) {
      const { error } = decodeAll(cut, pieces);
      assert.equal(error === "", fine.includes(length), `cut at ${length} of ${blob.length}: ${error || "taken"}`);
    }
  }
}

test("sniffs the compression by the first bytes alone", () => {
  assert.equal(sniffCompression(gzipMembers(text("x"))), "gzip");
  assert.equal(sniffCompression(zstdFrame(text("x"))), "zstd");
  for (let kind = 0; kind < 16; kind++) assert.equal(sniffCompression(skippableFrame(text("x"), kind)), "zstd");
  for (const other of ["", "\x1f", "\x1f\x8c\x08", "\x28\xb5\x2f", "\x60\x2a\x4d\x18", "usr/bin/", "BZh9", "\xfd7zXZ"]) {
    assert.equal(sniffCompression(text(other)), "none", JSON.stringify(other));
  }
});

test("a plain blob comes out as it is, in pieces of any size", () => {
  fc.assert(
    fc.property(content, sizes, (bytes, pieces) => assertDecodes(bytes, bytes, { ...pieces, compression: "none" })),
    { numRuns: 100, seed: 1 },
  );
});

test("gzip: any number of members, split anywhere, zeros at the end", () => {
  fc.assert(
    fc.property(content, borders, fc.constantFrom(0, 1, 3, 700), sizes, (bytes, ends, zeros, pieces) => {
      assertDecodes(join(gzipMembers(bytes, ends), new Uint8Array(zeros)), bytes, pieces);
    }),
    { numRuns: 400, seed: 2 },
  );
});

test("gzip: all that a header may carry", () => {
  // RFC 1952 2.3: FHCRC 2, FEXTRA 4, FNAME 8, FCOMMENT 16; the header's CRC is checked by none.
  const member = Buffer.from(gzipMembers(text("content")));
  const head = join(text("\x1f\x8b\x08\x1c\0\0\0\0\0\x03"), text("\x04\0ab\x01\x02"), text("name\0"), text("comment\0"));
  assertDecodes(join(head, member.subarray(10), member), text("contentcontent"), { input: [1], output: [3] });
});

test("gzip: refused are garbage, a wrong checksum or length, and what is cut off anywhere", () => {
  const blob = Buffer.from(gzipMembers(sample(400, 1)));
  assertRefusedWhenCut(blob);
  assertRefusedWhenCut(join(blob, blob).subarray(0, blob.length + 100), [blob.length]);
  for (const garbage of ["x", "\x1f", "\x1f\x8b", "\0\0x", `${"\0".repeat(900)}\x1f\x8b`, "PK\x03\x04"]) {
    for (const pieces of [{}, { input: [1] }, { input: [blob.length] }, { input: [blob.length + 1] }]) {
      assert.notEqual(
        decodeAll(join(blob, text(garbage)), pieces).error,
        "",
        `${JSON.stringify(garbage)} in ${JSON.stringify(pieces)}`,
      );
    }
  }
  for (let at = blob.length - 8; at < blob.length; at++) {
    const changed = Buffer.from(blob);
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    assert.match(decodeAll(changed).error, /incorrect (data|length) check/);
  }
});

test("zstd: any number of frames and skippable frames, with and without checksum and size, split anywhere", () => {
  const skippables = fc.array(fc.tuple(fc.nat(300), fc.nat(15)), { maxLength: 3 });
  fc.assert(
    fc.property(
      content,
      borders,
      fc.record({ checksum: fc.boolean(), contentSize: fc.boolean(), level: fc.constantFrom(1, 3, 19) }),
      fc.array(skippables, { minLength: 1, maxLength: 8 }),
      sizes,
      (bytes, ends, options, skipped, pieces) => {
        const edges = [0, ...ends.map((end) => Math.min(end, bytes.length)), bytes.length];
        const between = (index: number): Uint8Array =>
          join(
            ...(skipped[index % skipped.length] ?? []).map(([length, kind]) =>
              skippableFrame(new Uint8Array(length).fill(0xb5), kind),
            ),
          );
        const frames = edges
          .slice(1)
          .map((end, index) => join(between(index), zstdFrame(bytes.subarray(edges[index], end), options)));
        assertDecodes(join(...frames, between(edges.length)), bytes, pieces);
      },
    ),
    { numRuns: 600, seed: 3 },
  );
});

test("zstd: the program decodes the same", { skip: without("zstd") || without("pzstd", ["-V"]) }, () => {
  const bytes = sample(300_000, 5);
  const blobs = [
    run("zstd", ["-c", "--no-check"], bytes),
    run("zstd", ["-c", "-19", "--long=27"], bytes),
    run("zstd", ["-c", "--ultra", "-22", "--no-content-size"], bytes),
    run("pzstd", ["-c", "-p", "4"], bytes),
    join(run("pzstd", ["-c"], bytes), skippableFrame(text("index")), zstdFrames(bytes, [1, 2, 2, 70_000])),
  ];
  for (const [index, blob] of blobs.entries()) {
    assertDecodes(blob, run("zstd", ["-dc"], blob), { input: [1, 7000, 3], output: [65_536, 11] });
    assert.ok(index === 4 || decodeAll(blob).output.equals(bytes));
  }
});

test("gzip: the program decodes the same", { skip: without("gzip") }, () => {
  const bytes = sample(200_000, 6);
  for (const blob of [
    run("gzip", ["-9c"], bytes),
    run("gzip", ["-1nc"], bytes),
    join(gzipMembers(bytes, [5]), run("gzip", ["-c"], bytes)),
  ]) {
    assertDecodes(blob, run("gzip", ["-dc"], blob), { input: [1, 9000], output: [7, 65_536] });
  }
});

test("zstd: cut off anywhere, no frame passes", () => {
  const bytes = sample(500, 7);
  for (const options of [{}, { checksum: false }, { contentSize: false }, { checksum: false, contentSize: false }]) {
    const frame = zstdFrame(bytes, options);
    assertRefusedWhenCut(frame);
    assertRefusedWhenCut(join(frame, skippableFrame(text("skipped")), frame), [frame.length, frame.length + 15]);
  }
  assertRefusedWhenCut(join(skippableFrame(text("skipped")), zstdFrame(text("x"))), [15]);
});

test("zstd: with a checksum no flipped bit gives other content", () => {
  const bytes = sample(1500, 8);
  const blob = zstdFrame(bytes, { checksum: true });
  let taken = 0;
  for (let bit = 0; bit < blob.length * 8; bit++) {
    const changed = Buffer.from(blob);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { output, error } = decodeAll(changed, { compression: "zstd" });
    if (error !== "") continue;
    taken++;
    assert.ok(output.equals(bytes) || output.length === 0, `bit ${bit}`);
  }
  // The header's unused bit, and a larger window, change nothing.
  assert.ok(taken < 12, `${taken} changed blobs were taken`);
});

test("zstd: bytes changed at random are an error or the program's own answer", { skip: without("zstd") }, () => {
  const random = seededRandom(9);
  const bytes = sample(800, 9);
  const blob = zstdFrames(bytes, [300], { checksum: false });
  for (let turn = 0; turn < 60; turn++) {
    const changed = Buffer.from(blob);
    changed[Math.floor(random() * changed.length)] = random() * 256;
    const { output, error } = decodeAll(changed, { compression: "zstd", input: [1 + Math.floor(random() * 50)] });
    const program = answer(changed);
    if (error === "") assert.ok(program?.equals(output), `turn ${turn}`);
    else assert.equal(program, undefined, `turn ${turn}: ${error}`);
  }
});

/** What the program makes of a blob; undefined when it refuses. */
function answer(blob: Uint8Array): Buffer | undefined {
  try {
    return run("zstd", ["-dc"], blob);
  } catch {
    return undefined;
  }
}

test("zstd: a window over the limit is refused before anything is allocated", () => {
  // RFC 8878 3.1.1.1: descriptor 0 has a window byte, exponent in its upper five bits.
  const header = (windowByte: number): Uint8Array => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, windowByte, 1, 0, 0);
  const window128MiB = 17 << 3;
  assert.equal(decodeAll(header(window128MiB)).error, "");
  assert.match(decodeAll(header(window128MiB + 1)).error, /^zstd: a window of 150994944 bytes, more than 134217728$/);
  assert.match(decodeAll(header(21 << 3)).error, /a window of 2147483648 bytes/);
  assert.match(decodeAll(header(0xff)).error, /a window of/);
  assert.match(
    decodeAll(header(1 << 3), { limits: { ...defaultLimits, zstdWindowBytes: 1024 } }).error,
    /2048 bytes, more than 1024/,
  );
});

test("zstd: refused are a block of the reserved type, garbage between frames, and nothing but a magic", () => {
  const frame = zstdFrame(text("x"));
  const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38);
  assert.match(decodeAll(join(head, Uint8Array.of(7, 0, 0))).error, /^zstd: a block of a reserved type$/);
  assert.match(decodeAll(join(frame, text("garbage"))).error, /^zstd: garbage between frames$/);
  assert.match(decodeAll(join(frame, new Uint8Array(4))).error, /^zstd: garbage between frames$/);
  assert.match(decodeAll(join(frame, text("\x28\xb5"))).error, /in the middle of a frame/);
  assert.match(decodeAll(frame.subarray(0, 4)).error, /in the middle of a frame/);
  assert.match(decodeAll(new Uint8Array(0), { compression: "zstd" }).error, /in the middle of a frame/);
  // A dictionary that nobody has: descriptor 1 has a dictionary id of one byte.
  assert.notEqual(decodeAll(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 0x38, 9, 1, 0, 0)).error, "");
});

test("zstd: a run-length block is one byte, a raw block its size", () => {
  const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38);
  const block = (size: number, type: number, last: number): Uint8Array => {
    const value = size * 8 + type * 2 + last;
    return Uint8Array.of(value & 255, (value >> 8) & 255, value >> 16);
  };
  const blob = join(
    head,
    block(100_000, 1, 0),
    text("r"),
    block(3, 0, 0),
    text("raw"),
    block(0, 0, 0),
    block(5, 1, 1),
    text("s"),
  );
  const expected = text(`${"r".repeat(100_000)}rawsssss`);
  assertDecodes(blob, expected, {});
  assertDecodes(join(blob, blob), join(expected, expected), { input: [1], output: [1000, 1] });
});
