import type { Outgoing, WriteOptions } from "../../contracts/store.ts";
import type { WrittenCount } from "./count-written.ts";
import { blobPath, indexFile, layoutFile } from "./oci-files.ts";
import { TarFile } from "./tar-file.ts";
import { verifiedBytes, writtenMemory } from "./verified-bytes.ts";
import { counted, layoutBlobs } from "./write-layout.ts";

/** Writes an OCI layout to a new tar file, `index.json` last, and syncs it. Throws UserError for a source that gives something else. */
export async function writeOciArchive(
  path: string,
  outgoing: Outgoing,
  name: string | undefined,
  count: WrittenCount,
  { signal }: Pick<WriteOptions, "signal">,
): Promise<void> {
  await using archive = await TarFile.create(path);
  await archive.add("oci-layout", layoutFile.length, [layoutFile]);
  for (const blob of layoutBlobs(outgoing)) {
    const { digest, size } = blob.descriptor;
    await archive.add(blobPath(digest), size, counted(verifiedBytes(blob, signal, writtenMemory), count));
  }
  const index = indexFile(outgoing, name);
  await archive.add("index.json", index.length, [index]);
  await archive.finish();
  count.end();
}
