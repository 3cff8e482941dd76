import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Outgoing, OutgoingBlob, WriteOptions } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import type { WrittenCount } from "./count-written.ts";
import { blobPath, indexFile, layoutFile } from "./oci-files.ts";
import { blobOf, contentOf, manifestsOf } from "./outgoing-blobs.ts";
import { verifiedBytes, writtenMemory } from "./verified-bytes.ts";
import { syncFolder } from "./write-aside.ts";
import { writePieces } from "./write-pieces.ts";

/** All blobs of a layout, manifests last. */
export function layoutBlobs(outgoing: Outgoing): readonly OutgoingBlob[] {
  return [...contentOf(outgoing), ...manifestsOf(outgoing).map(blobOf)];
}

/** Writes an OCI layout to a new folder, `index.json` last, and syncs it. Throws UserError for a source that gives something else. */
export async function writeLayout(
  folder: string,
  outgoing: Outgoing,
  name: string | undefined,
  count: WrittenCount,
  { signal }: Pick<WriteOptions, "signal">,
): Promise<void> {
  const blobs = layoutBlobs(outgoing);
  const folders = new Set(blobs.map(({ descriptor }) => join(folder, blobPath(descriptor.digest), "..")));
  for (const path of folders) await mkdir(path, { recursive: true });
  for (const blob of blobs) {
    await writeFileOf(join(folder, blobPath(blob.descriptor.digest)), counted(verifiedBytes(blob, signal, writtenMemory), count));
  }
  await writeFileOf(join(folder, "oci-layout"), [layoutFile]);
  await writeFileOf(join(folder, "index.json"), [indexFile(outgoing, name)]);
  for (const path of [...folders, join(folder, "blobs"), folder]) await syncFolder(path);
  count.end();
}

/** Throws UserError `exists`, exit 2, for a folder that is no layout or holds more than one: it is not replaced, whatever was asked for. */
export async function checkIsLayout(folder: string, place: string): Promise<void> {
  const names = await readdir(folder);
  const foreign = names.find((name) => !["oci-layout", "index.json", "blobs"].includes(name));
  const why =
    foreign === undefined ? "holds no OCI layout" : `holds ${JSON.stringify(foreign)}, which is no part of an OCI layout`;
  if (foreign === undefined && names.includes("index.json")) return;
  throw new UserError("exists", `${place}: is there already and ${why}, so it is not replaced`, { exitCode: 2 });
}

/** The same pieces, counted. */
export async function* counted(pieces: AsyncIterable<Uint8Array>, count: WrittenCount): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    count.add(piece.length);
  }
}

async function writeFileOf(path: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  await using file = await open(path, "wx");
  await writePieces(file, pieces);
  await file.sync();
}
