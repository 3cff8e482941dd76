import { printBytes } from "../../lib/byte-size.ts";

/** `45.0 MB of 123 MB, 36%`. */
export function howFar(done: number, total: number | undefined): string {
  if (total === undefined || total <= 0) return printBytes(done);
  return `${printBytes(done)} of ${printBytes(total)}, ${Math.min(100, Math.floor((done / total) * 100))}%`;
}
