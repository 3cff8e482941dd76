import { PointerFinder } from "../../binary/device-pointers.ts";
import { HeldParts } from "../../binary/held-parts.ts";
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
      const { file, finder, held } = current;
      const from = Math.max(file.contentStart, place);
      const to = Math.min(file.contentStart + file.size, end);
      if (from < to) {
        finder.write(piece.subarray(from - place, to - place), from - file.contentStart);
        held.write(piece.subarray(from - place, to - place), from - file.contentStart);
      }
      if (file.contentStart + file.size > end) break;
      found.set(file.entry, { ...finder.finish(), samples: samplesOf(current) });
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

interface LookedInto {
  readonly file: DeviceFilePart;
  readonly finder: PointerFinder;
  readonly held: HeldParts;
}

function begun(file: DeviceFilePart | undefined): LookedInto | undefined {
  if (file === undefined) return undefined;
  return { file, finder: new PointerFinder(file.headers, file.starts, file.size, file.loose), held: new HeldParts(file.samples) };
}

function samplesOf({ file, held }: LookedInto): ReadonlyMap<number, Uint8Array> {
  return new Map(
    file.samples.flatMap(({ entry, start, end }) => {
      const bytes = held.read(start, end - start);
      return bytes === undefined ? [] : [[entry, bytes] as const];
    }),
  );
}
