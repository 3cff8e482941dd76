import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContentPiece, EntryEdit } from "../../../src/contracts/transform.ts";
import { contentCuts } from "../../../src/image/rewrite/content-cuts.ts";
import { indexOf, tarOf, type TestEntry } from "../../support/layers.ts";
import { readTar } from "../../support/tar-reading.ts";
import { editLayer } from "./edited-layer.ts";

const letters = "abcdefghijklmnopqrstuvwxyz".repeat(50);
const behind: TestEntry = { path: "behind", content: "stays" };

function cut(pieces: readonly ContentPiece[]): EntryEdit {
  const size = pieces.reduce(
    (sum, piece) => sum + ("bytes" in piece ? piece.bytes.length : "zeros" in piece ? piece.zeros : piece.end - piece.start),
    0,
  );
  return { action: "cut-content", pieces, size };
}

function added(text: string): ContentPiece {
  return { bytes: Buffer.from(text) };
}

test("ranges stay, bytes come, the header has the new size and all else of the entry", () => {
  const entry: TestEntry = { path: "long/".repeat(40) + "name", mode: 0o4755, uid: 7, mtime: 1.5, xattrs: { "user.k": "v" } };
  const pieces = [added("<"), { start: 2, end: 5 }, added("-"), { start: 600, end: 1300 }, added(">")];
  const expected = `<cde-${letters.slice(600, 1300)}>`;
  const archive = tarOf([{ ...entry, content: letters }, behind]);
  for (const pieceBytes of [archive.length, 512, 7]) {
    const after = editLayer(archive, new Map([[0, cut(pieces)]]), pieceBytes);
    assert.deepEqual(after, Buffer.from(tarOf([{ ...entry, content: expected }, behind])));
  }
});

test("many zeros come where they are to, between ranges and bytes, first and last", () => {
  const zeros = 700_000;
  const pieces = [{ zeros: 5 }, { start: 2, end: 5 }, added("<"), { zeros }, added(">"), { start: 9, end: 11 }, { zeros: 3 }];
  const filled = `${"\0".repeat(5)}cde<${"\0".repeat(zeros)}>jk\0\0\0`;
  const archive = tarOf([{ path: "a", content: letters }, behind]);
  for (const pieceBytes of [archive.length, 512, 7]) {
    const after = editLayer(archive, new Map([[0, cut(pieces)]]), pieceBytes);
    assert.ok(Buffer.from(tarOf([{ path: "a", content: filled }, behind])).equals(after));
  }
});

test("content can be cut to nothing, stay whole, grow, and end without padding", () => {
  const archive = Buffer.from(tarOf([{ path: "a", content: letters }, behind]));
  const of = (edit: EntryEdit, whole: Uint8Array = archive): Buffer => Buffer.from(editLayer(whole, new Map([[0, edit]])));
  assert.deepEqual(of(cut([])), Buffer.from(tarOf([{ path: "a" }, behind])));
  assert.deepEqual(of(cut([{ start: 0, end: letters.length }])), archive);
  const longer = cut([{ start: 0, end: 600 }, added("+".repeat(900)), { start: 600, end: letters.length }]);
  const grown = letters.slice(0, 600) + "+".repeat(900) + letters.slice(600);
  assert.deepEqual(of(longer), Buffer.from(tarOf([{ path: "a", content: grown }, behind])));
  const unpadded = Buffer.from(tarOf([{ path: "a", content: letters }])).subarray(0, 512 + letters.length);
  const { entries } = readTar(editLayer(unpadded, new Map([[0, cut([{ start: 1, end: 3 }])]])));
  assert.deepEqual(
    entries.map(({ name, size }) => [name, size]),
    [["a", 2]],
  );
});

test("all names of a file have the new content, stored once", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: letters },
    { path: "b", type: "hardlink", link: "a" },
  ];
  const after = editLayer(tarOf(entries), new Map([[0, cut([{ start: 0, end: 3 }])]]));
  assert.deepEqual(
    Buffer.from(after),
    Buffer.from(
      tarOf([
        { path: "a", content: "abc" },
        { path: "b", type: "hardlink", link: "a" },
      ]),
    ),
  );
});

test("it takes the attributes of a higher entry when it is to", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: letters },
    { path: "other", uid: 9, mode: 0o600 },
  ];
  const edit = { ...cut([{ start: 0, end: 3 }]), of: 1 } as EntryEdit;
  const { entries: after } = readTar(editLayer(tarOf(entries), new Map([[0, edit]])));
  assert.deepEqual([after[0]?.uid, after[0]?.mode, after[0]?.size], [9, 0o600, 3]);
});

test("pieces that are not of the content are a bug of who planned them", () => {
  const span = { start: 0, headerBytes: 512, end: 2048 };
  const wrong = (pieces: readonly ContentPiece[], size: number): void => {
    assert.throws(() => contentCuts(span, 1300, { pieces, size }, {}), RangeError);
  };
  wrong([{ start: 0, end: 1301 }], 1301);
  wrong([{ start: -1, end: 4 }], 5);
  wrong([{ start: 5, end: 5 }], 0);
  wrong(
    [
      { start: 5, end: 9 },
      { start: 8, end: 10 },
    ],
    6,
  );
  wrong([{ start: 0, end: 9 }], 8);
});

test("what is no file, or shares the content of another entry, has none of its own to cut", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: "aaa" },
    { path: "l", type: "symlink", link: "a" },
    { path: "h", type: "hardlink", link: "a" },
  ];
  for (const place of [1, 2]) {
    const edits = new Map<number, EntryEdit>([[place, cut([])]]);
    assert.throws(() => editLayer(tarOf(entries), edits), RangeError, String(place));
  }
  assert.equal(indexOf(tarOf(entries)).count, 3);
});
