// Layout: rpm's lib/backend/ndb/rpmpkg.c, `Packages.db`. All numbers are little-endian u32; a block is 16 bytes. Header:
//   0 "RpmP"   4 version 0   8 generation   12 pages of slots, 4096 bytes each, the header's 32 bytes in the first   16 next number
// Slot, 16 bytes: 0 "Slot"   4 package number   8 first block of its blob, 0 when the slot is free   12 blocks
// Blob: 0 "BlbS"   4 package number   8 time   12 bytes of the header that follows; at the end of its blocks, 12 bytes:
//   0 adler32   4 bytes of the header   8 "BlbE"
import { UserError } from "../../lib/user-error.ts";

const slotBytes = 16;
const blockBytes = 16;
const slotPageBytes = 4096;
const firstSlot = 32;
const blobHeadBytes = 16;
const blobTailBytes = 12;

/**
 * The header blobs of an ndb package database, in the order of its slots. One that can't be read is told to `report`. Throws
 * UserError `unreadable` when it is no such database.
 */
export function* parseNdb(file: Uint8Array, report: (message: string) => void): Generator<Uint8Array> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const slotsEnd = checkedSlotsEnd(bytes, report);
  let bytesLeft = bytes.length;
  for (let slot = firstSlot; slot < slotsEnd; slot += slotBytes) {
    if (!hasMagic(bytes, slot, "Slot")) throw broken(`no slot at ${slot}`);
    const number = bytes.readUInt32LE(slot + 4);
    const start = bytes.readUInt32LE(slot + 8) * blockBytes;
    const end = start + bytes.readUInt32LE(slot + 12) * blockBytes;
    if (start === 0) continue;
    const isInside = start >= slotsEnd && end <= bytes.length;
    const found = isInside
      ? readBlob(bytes.subarray(start, end), number)
      : `its blob lies from ${start} to ${end} of ${bytes.length} bytes`;
    bytesLeft -= typeof found === "string" ? 0 : end - start;
    if (bytesLeft < 0) throw broken(`the blobs up to slot ${slot} overlap`);
    if (typeof found === "string") report(`cannot read package ${number}: ${found}`);
    else yield found;
  }
}

/** Where the slots end, at most at the end of the file. */
function checkedSlotsEnd(bytes: Buffer, report: (message: string) => void): number {
  if (bytes.length < firstSlot || !hasMagic(bytes, 0, "RpmP")) throw broken("no package database of rpm");
  const version = bytes.readUInt32LE(4);
  if (version !== 0) throw broken(`version ${version} is unknown`);
  const declared = bytes.readUInt32LE(12) * slotPageBytes;
  if (declared <= bytes.length) return declared;
  report(`cannot read all slots: they end at ${declared} of ${bytes.length} bytes`);
  return bytes.length - (bytes.length % slotBytes);
}

/** The header in a blob, or why it can't be read. */
function readBlob(blob: Buffer, number: number): Uint8Array | string {
  const tail = blob.length - blobTailBytes;
  if (tail < blobHeadBytes) return `its blob has ${blob.length} bytes`;
  if (!hasMagic(blob, 0, "BlbS") || !hasMagic(blob, tail + 8, "BlbE")) return "its blob has no begin or end";
  if (blob.readUInt32LE(4) !== number) return `its blob is that of package ${blob.readUInt32LE(4)}`;
  const length = blob.readUInt32LE(12);
  const blocks = Math.ceil((blobHeadBytes + length + blobTailBytes) / blockBytes);
  if (length !== blob.readUInt32LE(tail + 4) || blocks * blockBytes !== blob.length) return `its blob claims ${length} bytes`;
  return blob.subarray(blobHeadBytes, blobHeadBytes + length);
}

function hasMagic(bytes: Buffer, at: number, magic: string): boolean {
  return bytes.toString("latin1", at, at + 4) === magic;
}

function broken(why: string): UserError {
  return new UserError("unreadable", `cannot read an ndb database: ${why}`);
}
