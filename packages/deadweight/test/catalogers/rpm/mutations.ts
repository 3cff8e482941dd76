import * as fc from "fast-check";

/** A change of some bytes: a u32 at an offset, a cut, or one part copied over another. */
export type Mutation =
  | { readonly kind: "number"; readonly at: number; readonly value: number }
  | { readonly kind: "byte"; readonly at: number; readonly value: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "copy"; readonly at: number; readonly from: number; readonly length: number };

/** One to four changes of `length` bytes: random bytes, lies in number fields, cuts and copies. */
export function mutations(length: number): fc.Arbitrary<readonly Mutation[]> {
  const at = fc.nat(length - 1);
  // Headers and pointers stand at the beginning of pages more often than elsewhere.
  const pageStart = fc
    .tuple(fc.nat(Math.ceil(length / 512)), fc.nat(40))
    .map(([page, offset]) => Math.min(page * 512 + offset, length - 1));
  const place = fc.oneof(at, pageStart);
  const extreme = fc.constantFrom(0, 1, 2, 3, 16, 255, 65535, 65536, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff);
  const value = fc.oneof(extreme, fc.nat(40), fc.nat(0xffffffff));
  const one: fc.Arbitrary<Mutation> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("number" as const), at: place, value }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("byte" as const), at: place, value: fc.nat(255) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("copy" as const), at, from: at, length: fc.nat(1024) }) },
  );
  return fc.array(one, { minLength: 1, maxLength: 4 });
}

/** A changed copy; numbers are written in one byte order or the other. */
export function mutated(original: Uint8Array, changes: readonly Mutation[]): Buffer {
  let bytes = Buffer.from(original);
  for (const change of changes) {
    if (change.kind === "cut") bytes = bytes.subarray(0, change.at);
    else if (change.at >= bytes.length) continue;
    else if (change.kind === "byte") bytes[change.at] = change.value;
    else if (change.kind === "copy") bytes.copyWithin(change.at, change.from, change.from + change.length);
    else if (change.at + 4 <= bytes.length) writeNumber(bytes, change.at, change.value);
  }
  return bytes;
}

function writeNumber(bytes: Buffer, at: number, value: number): void {
  if (value % 3 === 0) bytes.writeUInt32BE(value, at);
  else bytes.writeUInt32LE(value, at);
}
