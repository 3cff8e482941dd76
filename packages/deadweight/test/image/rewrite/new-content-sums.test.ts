import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { ContentPiece } from "../../../src/contracts/transform.ts";
import { sumNewContents, type SummedFile } from "../../../src/image/rewrite/new-content-sums.ts";

const layer = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 31) % 251));

function* inPieces(pieceBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < layer.length; at += pieceBytes) yield layer.subarray(at, at + pieceBytes);
}

/** Of the same bytes, held whole. */
function expected({ contentStart, pieces }: SummedFile): { readonly sha256: string; readonly md5: string } {
  const bytes = Buffer.concat(
    pieces.map((piece) =>
      "bytes" in piece
        ? piece.bytes
        : "zeros" in piece
          ? Buffer.alloc(piece.zeros)
          : layer.subarray(contentStart + piece.start, contentStart + piece.end),
    ),
  );
  const sum = (algorithm: string): string => createHash(algorithm).update(bytes).digest("hex");
  return { sha256: sum("sha256"), md5: sum("md5") };
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
      const files: readonly SummedFile[] = [
        { entry: 3, contentStart: 100, pieces: one },
        { entry: 9, contentStart: 2600, pieces: other },
      ];
      const sums = sumNewContents(inPieces(pieceBytes), files);
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
  sumNewContents(counted(), [{ entry: 0, contentStart: 50, pieces: [{ start: 0, end: 100 }] }]);
  assert.equal(read, 200);
  assert.throws(() => sumNewContents(inPieces(100), [{ entry: 0, contentStart: 4000, pieces: [{ start: 0, end: 1001 }] }]), {
    code: "corrupt-layer",
  });
});
