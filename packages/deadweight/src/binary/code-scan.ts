// Layout: Intel SDM, volume 2, LEA: REX.W (48 or 4C, with B or X 49 to 4F) 8D, ModR/M with mod 00 and r/m 101, then 32 bits that are added
// to the address of the next instruction. MOV of 64 bits: REX.W (48 or 49) B8 to BF, then 64 bits; in the large code model (psABI of AMD64,
// "Large position independent code model") they are added to the address of the global offset table.

/** A section of code in a file. */
export interface ScannedCode {
  readonly start: number;
  readonly end: number;
  /** Of its first byte in memory. */
  readonly address: number;
  /** The address of the global offset table, when there is one. */
  readonly globalOffsets: number | undefined;
  /** Gets each address that an instruction may compute. */
  readonly take: (target: number) => void;
}

const leaBytes = 7;
const movBytes = 10;

/** Finds addresses that x86-64 code computes from its own place, at every byte, since where instructions begin is not known. */
export class CodeScan {
  readonly #code: ScannedCode;
  readonly #held = new Uint8Array(2 * movBytes);
  #heldBytes = 0;

  constructor(code: ScannedCode) {
    this.#code = code;
  }

  /** Takes the bytes of the file from `offset` on; pieces ascend. */
  write(piece: Uint8Array, offset: number): void {
    const { start, end } = this.#code;
    const from = Math.max(start, offset);
    const to = Math.min(end, offset + piece.length);
    if (from >= to) return;
    const part = piece.subarray(from - offset, to - offset);
    // What lies across the border of two pieces.
    const head = part.subarray(0, movBytes - 1);
    const joined = Buffer.concat([this.#held.subarray(0, this.#heldBytes), head]);
    if (this.#heldBytes > 0) this.#scan(joined, from - this.#heldBytes, this.#heldBytes);
    this.#scan(part, from, part.length);
    const kept = (part.length >= movBytes - 1 ? part : joined).slice(-(movBytes - 1));
    this.#held.set(kept);
    this.#heldBytes = kept.length;
  }

  /** Instructions that begin in the first `count` bytes and end in these. */
  #scan(bytes: Uint8Array, place: number, count: number): void {
    const { start, address, globalOffsets, take } = this.#code;
    const last = Math.min(count, bytes.length - leaBytes + 1);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < last; at++) {
      const prefix = bytes[at] ?? 0;
      if ((prefix & 0xf8) !== 0x48) continue;
      const code = bytes[at + 1] ?? 0;
      if (code === 0x8d && ((bytes[at + 2] ?? 0) & 0xc7) === 0x05)
        take(address + place - start + at + leaBytes + view.getInt32(at + 3, true));
      else if ((code & 0xf8) === 0xb8 && globalOffsets !== undefined && at + movBytes <= bytes.length)
        take(globalOffsets + Number(view.getBigInt64(at + 2, true)));
    }
  }
}
