const factors: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/** Bits in a second from `100mbit`, `1gbit`, `56kbit` or `12.5MB/s`; undefined when it is none. */
export function parseBitRate(text: string): number | undefined {
  const [, number, prefix = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?)(bit(?:\/s)?|bps|b\/s)$/i.exec(text.trim()) ?? [];
  const factor = factors[prefix.toLowerCase()];
  if (number === undefined || factor === undefined) return undefined;
  // `MB/s` are bytes, `Mb/s` are bits.
  const bits = Number(number) * factor * (unit === "B/s" ? 8 : 1);
  return bits > 0 && Number.isFinite(bits) ? bits : undefined;
}
