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
 * UserError `unreadable` when it is no such database, or its slots can't be.
 */
export function* parseNdb(file: Uint8Array, report: (message: string) => void): Generator<Uint8Array> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const slotsEnd = checkedSlotsEnd(bytes, report);
  let blobBytes = 0;
  for (let at = firstSlot; at < slotsEnd; at += slotBytes) {
    const slot = readSlot(bytes, at, slotsEnd);
    if (slot === undefined) continue;
    blobBytes += slot.blob.length;
    if (blobBytes > bytes.length) throw broken(`the blobs up to slot ${at} overlap`);
    const found = readBlob(slot.blob, slot.number);
    if (typeof found === "string") report(`cannot read package ${slot.number}: ${found}`);
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

function readSlot(bytes: Buffer, at: number, slotsEnd: number): { number: number; blob: Buffer } | undefined {
  if (!hasMagic(bytes, at, "Slot")) throw broken(`no slot at ${at}`);
  const start = bytes.readUInt32LE(at + 8) * blockBytes;
  if (start === 0) return undefined;
  const end = start + bytes.readUInt32LE(at + 12) * blockBytes;
  if (start < slotsEnd || end > bytes.length)
    throw broken(`the blob of slot ${at} lies from ${start} to ${end} of ${bytes.length} bytes`);
  return { number: bytes.readUInt32LE(at + 4), blob: bytes.subarray(start, end) };
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
