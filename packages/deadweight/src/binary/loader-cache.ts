// Layout: glibc's sysdeps/generic/dl-cache.h, little-endian. A header of 48 bytes: "glibc-ld.so.cache1.1" (20), how many libraries (4), bytes of
// texts (4), flags (1, the byte order; 3 zeros), place of extensions (4), zeros (12). A row of 24 bytes for each library, in an order that is
// searched: flags (4), places of its name and its path (4 each), version of the system (4), hardware capabilities (8). Texts end with
// zero. Extensions, at a multiple of 4: magic EAA42174 (4), how many (4), for each its tag (4), flags (4), place and bytes (4 each): 0 what
// made the file, 1 places of the names of capabilities. Older files begin with "ld.so-1.7.0", how many (4), rows of 12 bytes, and the newer
// form behind them at a multiple of 8, whose places count from its own beginning.

const magic = "glibc-ld.so.cache1.1";
const oldMagic = "ld.so-1.7.0";
const sizes = { header: 48, row: 24, oldHeader: 16, oldRow: 12, extension: 16 };
const extensionMagic = 0xeaa42174;
const mostRows = 100_000;

/** The cache of the loader without the libraries whose path `isGone`; a text says why it can't be made, undefined that none of them is in it. */
export function cacheWithout(bytes: Buffer, isGone: (path: string) => boolean): Buffer | string | undefined {
  const cache = newerForm(bytes);
  if (typeof cache === "string") return cache;
  const count = cache.readUInt32LE(20);
  if (count > mostRows || sizes.header + count * sizes.row > cache.length) return "its rows are not all there";
  const rows = Array.from({ length: count }, (_, index) => cache.subarray(rowAt(index), rowAt(index + 1)));
  const kept = rows.filter((row) => !isGone(textAt(cache, row.readUInt32LE(8))));
  if (kept.length === rows.length) return undefined;
  // In a file of both forms extensions count from another place: ldconfig makes none with both unless it is told to.
  const extensions = cache.length < bytes.length && cache.readUInt32LE(32) > 0 ? "it is of two forms" : extensionsOf(cache);
  return typeof extensions === "string" ? extensions : written(cache, kept, extensions);
}

function rowAt(index: number): number {
  return sizes.header + index * sizes.row;
}

/** The part that all versions since 2.2 read; a file of it alone is what ldconfig writes since 2.32. */
function newerForm(bytes: Buffer): Buffer | string {
  const isOld = bytes.toString("latin1", 0, oldMagic.length) === oldMagic && bytes.length >= sizes.oldHeader;
  const behind = isOld ? sizes.oldHeader + bytes.readUInt32LE(12) * sizes.oldRow : 0;
  const cache = bytes.subarray(Math.ceil(behind / 8) * 8);
  const isKnown = cache.length >= sizes.header && cache.toString("latin1", 0, magic.length) === magic;
  return isKnown ? cache : "it is of another form";
}

function textAt(cache: Buffer, place: number): string {
  const end = cache.indexOf(0, place);
  return place >= cache.length || end < 0 ? "" : cache.toString("latin1", place, end);
}

interface Extension {
  readonly tag: number;
  readonly flags: number;
  readonly content: Buffer;
}

const tags = { generator: 0, capabilities: 1 };

function extensionsOf(cache: Buffer): readonly Extension[] | string {
  const place = cache.readUInt32LE(32);
  if (place === 0) return [];
  if (place + 8 > cache.length || cache.readUInt32LE(place) !== extensionMagic) return "its extensions are of another form";
  const count = cache.readUInt32LE(place + 4);
  if (count > 2 || place + 8 + count * sizes.extension > cache.length) return "it has extensions that are not known";
  const found = Array.from({ length: count }, (_, index): Extension => {
    const [tag = 0, flags = 0, start = 0, size = 0] = [0, 4, 8, 12].map((field) =>
      cache.readUInt32LE(place + 8 + index * sizes.extension + field),
    );
    return { tag, flags, content: cache.subarray(start, start + size) };
  });
  return found.every(({ tag }) => tag === tags.generator || tag === tags.capabilities)
    ? found
    : "it has extensions that are not known";
}

function written(cache: Buffer, rows: readonly Buffer[], extensions: readonly Extension[]): Buffer {
  const start = rowAt(rows.length);
  const texts = createTexts(start);
  // Paths first: a name is the end of one.
  for (const row of rows) texts.place(textAt(cache, row.readUInt32LE(8)));
  const placed = rows.map((row) => {
    const made = Buffer.from(row);
    for (const field of [4, 8]) made.writeUInt32LE(texts.place(textAt(cache, row.readUInt32LE(field))), field);
    return made;
  });
  const contents = extensions.map(({ tag, content }) => {
    if (tag === tags.generator) return content;
    const made = Buffer.from(content);
    for (let at = 0; at + 4 <= made.length; at += 4) made.writeUInt32LE(texts.place(textAt(cache, content.readUInt32LE(at))), at);
    return made;
  });
  const bytes = texts.bytes();
  const head = Buffer.from(cache.subarray(0, sizes.header));
  head.writeUInt32LE(rows.length, 20);
  head.writeUInt32LE(bytes.length, 24);
  const end = start + bytes.length;
  const place = extensions.length === 0 ? 0 : Math.ceil(end / 4) * 4;
  head.writeUInt32LE(place, 32);
  if (place === 0) return Buffer.concat([head, ...placed, bytes]);
  return Buffer.concat([head, ...placed, bytes, Buffer.alloc(place - end), directory(extensions, contents, place)]);
}

/** The directory of extensions and what they hold, for a place in the file. */
function directory(extensions: readonly Extension[], contents: readonly Buffer[], place: number): Buffer {
  const table = Buffer.alloc(8 + extensions.length * sizes.extension);
  table.writeUInt32LE(extensionMagic, 0);
  table.writeUInt32LE(extensions.length, 4);
  const parts: Buffer[] = [table];
  let at = place + table.length;
  for (const [index, { tag, flags }] of extensions.entries()) {
    const content = contents[index] ?? Buffer.alloc(0);
    const values = [tag, flags, at, content.length];
    for (const [field, value] of values.entries()) table.writeUInt32LE(value, 8 + index * sizes.extension + 4 * field);
    const padding = (4 - (content.length % 4)) % 4;
    parts.push(content, Buffer.alloc(index + 1 < extensions.length ? padding : 0));
    at += content.length + padding;
  }
  return Buffer.concat(parts);
}

/** Texts that end with zero, each once, from a place on; the name at the end of a path is not written again. */
function createTexts(start: number): { readonly place: (text: string) => number; readonly bytes: () => Buffer } {
  const known = new Map<string, number>();
  const written: string[] = [];
  let end = start;
  return {
    place: (text) => {
      const before = known.get(text);
      if (before !== undefined) return before;
      const name = text.slice(text.lastIndexOf("/") + 1);
      if (!known.has(name)) known.set(name, end + text.length - name.length);
      known.set(text, end);
      written.push(text);
      end += text.length + 1;
      return end - text.length - 1;
    },
    bytes: () => Buffer.from(written.map((text) => `${text}\0`).join(""), "latin1"),
  };
}
