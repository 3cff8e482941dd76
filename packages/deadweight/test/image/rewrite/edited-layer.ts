import { defaultLimits } from "../../../src/archive/limits.ts";
import type { TarEntry } from "../../../src/archive/tar-reader.ts";
import type { EntryEdit } from "../../../src/contracts/transform.ts";
import { editedPieces } from "../../../src/image/rewrite/edited-pieces.ts";
import { attributesOf } from "../../../src/image/rewrite/entry-span.ts";
import { planLayerCuts } from "../../../src/image/rewrite/layer-edits.ts";
import { packCuts, unpackCuts } from "../../../src/image/rewrite/packed-cuts.ts";
import { indexOf } from "../../support/layers.ts";
import { readTar } from "../../support/tar-reading.ts";

/** An archive after edits, which are by place in the archive; `of` too. The archive is given in pieces of `pieceBytes`. */
export function editLayer(
  archive: Uint8Array,
  edits: ReadonlyMap<number, EntryEdit>,
  pieceBytes: number = archive.length,
): Uint8Array {
  const layer = indexOf(archive, []);
  const cuts = planLayerCuts(layer, { edits, attributesOf: (entry) => attributesOf(layer, entry) });
  return Buffer.concat(
    Array.from(editedPieces(pieces(archive, pieceBytes), unpackCuts(packCuts(cuts)), defaultLimits), ({ bytes }) =>
      bytes.slice(),
    ),
  );
}

/** An entry in a line: type, name, where a link leads, size, owner and mode. */
export function listed(archive: Uint8Array): readonly string[] {
  const { entries, error } = readTar(archive);
  if (error !== "") throw new Error(error);
  return entries.map(line);
}

function line({ typeflag, name, linkname, size, mode, uid, gid }: TarEntry): string {
  const target = linkname === "" ? "" : ` -> ${linkname}`;
  return `${typeflag} ${name}${target} ${size} ${uid}:${gid} ${mode.toString(8)}`;
}

function* pieces(archive: Uint8Array, pieceBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < archive.length; at += pieceBytes) yield archive.subarray(at, at + pieceBytes);
}
