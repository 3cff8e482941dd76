import { PointerFinder } from "../../binary/device-pointers.ts";
import { UserError } from "../../lib/user-error.ts";
import type { DevicePointers, UnprovenPointers } from "../../model/device-pointers.ts";
import type { DeviceFilePart } from "./rewrite-threads.ts";

/**
 * What leads to the device code of files, ascending in the layer, whose uncompressed bytes come as `pieces`, valid until the next one, or
 * why it can't be told. Reads no more than up to the last file. Throws UserError `corrupt-layer` when the layer ends before.
 */
export function findPointers(
  pieces: Iterable<Uint8Array>,
  files: readonly DeviceFilePart[],
): ReadonlyMap<number, DevicePointers | UnprovenPointers> {
  const found = new Map<number, DevicePointers | UnprovenPointers>();
  const coming = files[Symbol.iterator]();
  let current = begun(coming.next().value);
  let place = 0;
  for (const piece of pieces) {
    const end = place + piece.length;
    while (current !== undefined && current.file.contentStart < end) {
      const { file, finder } = current;
      const from = Math.max(file.contentStart, place);
      const to = Math.min(file.contentStart + file.size, end);
      if (from < to) finder.write(piece.subarray(from - place, to - place), from - file.contentStart);
      if (file.contentStart + file.size > end) break;
      found.set(file.entry, finder.finish());
      current = begun(coming.next().value);
    }
    if (current === undefined) return found;
    place = end;
  }
  if (current === undefined) return found;
  throw new UserError(
    "corrupt-layer",
    `device code: the layer ends at ${place}, before a file from ${current.file.contentStart} on`,
  );
}

function begun(file: DeviceFilePart | undefined): { readonly file: DeviceFilePart; readonly finder: PointerFinder } | undefined {
  return file === undefined ? undefined : { file, finder: new PointerFinder(file.headers, file.starts, file.size) };
}
