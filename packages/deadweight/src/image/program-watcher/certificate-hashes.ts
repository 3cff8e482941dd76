const begin = "-----BEGIN ";
const end = "-----END ";
const mostCertificates = 10_000;

/** FNV-1a of the body of each certificate in a PEM text (RFC 7468), ascending and once each. */
export function certificateHashes(text: Buffer): Uint32Array {
  const hashes = new Set<number>();
  for (let at = text.indexOf(begin); at >= 0 && hashes.size < mostCertificates; at = text.indexOf(begin, at + begin.length)) {
    const start = text.indexOf("\n", at);
    const stop = text.indexOf(end, at);
    if (start < 0 || stop < start) break;
    if (/^(?:TRUSTED |X509 )?CERTIFICATE-----/.test(text.toString("latin1", at + begin.length, start)))
      hashes.add(hash(text, start, stop));
  }
  return Uint32Array.from(hashes).sort();
}

/** White space apart: tools break the lines differently. */
function hash(text: Buffer, start: number, stop: number): number {
  let value = 0x811c9dc5;
  for (let at = start; at < stop; at++) if ((text[at] ?? 0) > 32) value = Math.imul(value ^ (text[at] ?? 0), 0x01000193);
  return value >>> 0;
}
