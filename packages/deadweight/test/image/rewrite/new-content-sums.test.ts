import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ContentPiece } from "../../../src/contracts/transform.ts";
import { sumNewContents, type NewContentSum } from "../../../src/image/rewrite/new-content-sums.ts";
import { packPieces } from "../../../src/image/rewrite/packed-pieces.ts";

const layer = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 31) % 251));

function* inPieces(pieceBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < layer.length; at += pieceBytes) yield layer.subarray(at, at + pieceBytes);
}

interface OpenFile {
  readonly entry: number;
  readonly contentStart: number;
  readonly contentBytes: number;
  readonly pieces: readonly ContentPiece[];
}

/** Of the same bytes, held whole. */
function expected({ contentStart, contentBytes, pieces }: OpenFile): NewContentSum {
  const old = layer.subarray(contentStart, contentStart + contentBytes);
  const bytes = Buffer.concat(
    pieces.map((piece) =>
      "bytes" in piece ? piece.bytes : "zeros" in piece ? Buffer.alloc(piece.zeros) : old.subarray(piece.start, piece.end),
    ),
  );
  const sum = (algorithm: string, of: Uint8Array): string => createHash(algorithm).update(of).digest("hex");
  return { sha256: sum("sha256", bytes), md5: sum("md5", bytes), md5Before: sum("md5", old) };
}

const pieces = fc
  .array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 200 }), fc.uint8Array({ maxLength: 20 })), { maxLength: 4 })
  .map((draws): readonly ContentPiece[] => {
    let place = 0;
    return draws.flatMap(([gap, length, bytes]): ContentPiece[] => {
      const start = place + gap;
      place = start + length;
      return [{ start, end: place }, { bytes }, ...(gap % 3 === 0 ? [{ zeros: 1 + gap }] : [])];
    });
  });

test("the sums of what the pieces make, however the layer comes", () => {
  fc.assert(
    fc.property(pieces, pieces, fc.integer({ min: 1, max: 5000 }), (one, other, pieceBytes) => {
      const files: readonly OpenFile[] = [
        { entry: 3, contentStart: 100, contentBytes: 2000, pieces: one },
        { entry: 9, contentStart: 2600, contentBytes: 2000, pieces: other },
      ];
      const sums = sumNewContents(
        inPieces(pieceBytes),
        files.map((file) => ({ ...file, pieces: structuredClone(packPieces(file.pieces)) })),
      );
      assert.deepEqual(
        [...sums],
        files.map((file) => [file.entry, expected(file)]),
      );
    }),
    { numRuns: 200 },
  );
});

test("nothing is read behind the last file, and a layer that ends before it is told", () => {
  let read = 0;
  function* counted(): Generator<Uint8Array> {
    for (const piece of inPieces(100)) {
      read += piece.length;
      yield piece;
    }
  }
  sumNewContents(counted(), [{ entry: 0, contentStart: 50, contentBytes: 120, pieces: packPieces([{ start: 0, end: 100 }]) }]);
  assert.equal(read, 200);
  assert.throws(
    () =>
      sumNewContents(inPieces(100), [
        { entry: 0, contentStart: 4000, contentBytes: 1001, pieces: packPieces([{ start: 0, end: 5 }]) },
      ]),
    {
      code: "corrupt-layer",
    },
  );
});
