/** A loader's cache as ldconfig writes one, for libraries by their paths: glibc's dl-cache.h, without extensions. */
export function loaderCache(paths: readonly string[]): Buffer {
  const texts = paths.flatMap((path) => [path.slice(path.lastIndexOf("/") + 1), path]);
  const start = 48 + 24 * paths.length;
  const header = Buffer.alloc(start);
  header.write("glibc-ld.so.cache1.1", "latin1");
  header.writeUInt32LE(paths.length, 20);
  const strings = Buffer.from(texts.map((text) => `${text}\0`).join(""), "latin1");
  header.writeUInt32LE(strings.length, 24);
  header.writeUInt8(2, 28);
  let at = start;
  for (const [number, text] of texts.entries()) {
    header.writeUInt32LE(at, 48 + 24 * Math.floor(number / 2) + 4 + 4 * (number % 2));
    at += text.length + 1;
  }
  return Buffer.concat([header, strings]);
}

/** The paths that a cache lists. */
export function listedIn(cache: Uint8Array): readonly string[] {
  const bytes = Buffer.from(cache);
  return Array.from({ length: bytes.readUInt32LE(20) }, (_, row) => {
    const place = bytes.readUInt32LE(48 + 24 * row + 8);
    return bytes.toString("latin1", place, bytes.indexOf(0, place));
  });
}
