import type { ByteString } from "../../lib/byte-string.ts";
import type { Attributes, HeaderChange } from "./change-header.ts";
import type { LayerCut } from "./layer-cut.ts";
import { bytesAt, bytesMemory, packBytes, type PackedBytes } from "./packed-bytes.ts";

/** What few cuts have. */
type Rest = Omit<HeaderChange, "attributes">;

/** Cuts in columns, for a message to a thread: a layer may have a hundred thousand, as after `chown -R` or where device code goes. About 100 bytes each. */
export interface PackedCuts {
  readonly count: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** -1 without. */
  readonly zeros: Float64Array;
  /** -1 without. */
  readonly headerBytes: Float64Array;
  /** -1 without other attributes. */
  readonly modes: Float64Array;
  readonly uids: Float64Array;
  readonly gids: Float64Array;
  readonly mtimes: Float64Array;
  readonly before: PackedBytes;
  readonly after: PackedBytes;
  readonly xattrs: ReadonlyMap<number, ReadonlyMap<string, ByteString>>;
  readonly rest: ReadonlyMap<number, Rest>;
}

const none: ReadonlyMap<string, ByteString> = new Map();

/** Cuts as columns. */
export function packCuts(cuts: readonly LayerCut[]): PackedCuts {
  const column = (read: (cut: LayerCut) => number): Float64Array => Float64Array.from(cuts, read);
  const attributes = (read: (attributes: Attributes) => number): Float64Array =>
    column(({ header }) => (header?.change.attributes === undefined ? -1 : read(header.change.attributes)));
  const xattrs = new Map<number, ReadonlyMap<string, ByteString>>();
  const rest = new Map<number, Rest>();
  for (const [number, { header }] of cuts.entries()) {
    if (header === undefined) continue;
    const { attributes: own, ...change } = header.change;
    if (own !== undefined && own.xattrs.size > 0) xattrs.set(number, own.xattrs);
    if (Object.keys(change).length > 0) rest.set(number, change);
  }
  return {
    count: cuts.length,
    starts: column(({ start }) => start),
    ends: column(({ end }) => end),
    zeros: column(({ zeros }) => zeros ?? -1),
    headerBytes: column(({ header }) => header?.bytes ?? -1),
    modes: attributes(({ mode }) => mode),
    uids: attributes(({ uid }) => uid),
    gids: attributes(({ gid }) => gid),
    mtimes: attributes(({ mtime }) => mtime),
    before: packBytes(cuts, ({ before }) => before),
    after: packBytes(cuts, ({ after }) => after),
    xattrs,
    rest,
  };
}

/** The memory of the columns, to be handed to a thread. */
export function packedMemory(packed: PackedCuts): ArrayBuffer[] {
  const columns = Object.values(packed).filter((part) => part instanceof Float64Array);
  return [...columns.map(({ buffer }) => buffer as ArrayBuffer), ...bytesMemory(packed.before), ...bytesMemory(packed.after)];
}

/** The cuts again, one at a time. */
export function* unpackCuts(packed: PackedCuts): Generator<LayerCut> {
  for (let number = 0; number < packed.count; number++) {
    const [before, after] = [bytesAt(packed.before, number), bytesAt(packed.after, number)];
    const change = packed.rest.get(number);
    const bytes = packed.headerBytes[number] ?? -1;
    const zeros = packed.zeros[number] ?? -1;
    const attributes = attributesAt(packed, number);
    yield {
      start: packed.starts[number] ?? 0,
      end: packed.ends[number] ?? 0,
      ...(before === undefined ? {} : { before }),
      ...(bytes < 0 ? {} : { header: { bytes, change: { ...change, ...(attributes === undefined ? {} : { attributes }) } } }),
      ...(after === undefined ? {} : { after }),
      ...(zeros < 0 ? {} : { zeros }),
    };
  }
}

function attributesAt({ modes, uids, gids, mtimes, xattrs }: PackedCuts, number: number): Attributes | undefined {
  const mode = modes[number] ?? -1;
  if (mode < 0) return undefined;
  return { mode, uid: uids[number] ?? 0, gid: gids[number] ?? 0, mtime: mtimes[number] ?? 0, xattrs: xattrs.get(number) ?? none };
}
