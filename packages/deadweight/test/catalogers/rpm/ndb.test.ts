import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNdb } from "../../../src/catalogers/rpm/ndb.ts";
import { ndbDatabase } from "./make-databases.ts";

function parsed(file: Uint8Array): { blobs: string[]; messages: string[] } {
  const messages: string[] = [];
  const blobs = [...parseNdb(file, (message) => void messages.push(message))].map((blob) => Buffer.from(blob).toString());
  return { blobs, messages };
}

function changed(file: Buffer, change: (file: Buffer) => void): Buffer {
  const copy = Buffer.from(file);
  change(copy);
  return copy;
}

const two = ndbDatabase([Buffer.from("first"), Buffer.from("the second, longer than one block")]);

test("ndb: blobs of any length, over as many pages of slots as there are", () => {
  assert.deepEqual(parsed(two), { blobs: ["first", "the second, longer than one block"], messages: [] });
  const many = Array.from({ length: 700 }, (_, index) => Buffer.from("x".repeat(index % 40) + index));
  assert.deepEqual(parsed(ndbDatabase(many)).blobs, many.map(String));
  assert.deepEqual(parsed(ndbDatabase([])), { blobs: [], messages: [] });
});

test("ndb: free slots are passed over", () => {
  const removed = changed(two, (file) => file.fill(0, 32 + 4, 32 + 16));
  assert.deepEqual(parsed(removed), { blobs: ["the second, longer than one block"], messages: [] });
});

test("ndb: a blob that is not the slot's is told, the others stay", () => {
  const lies: readonly (readonly [at: number, value: number, says: string])[] = [
    [4096, 0, "cannot read package 1: its blob has no begin or end"],
    [4096 + 4, 2, "cannot read package 1: its blob is that of package 2"],
    [4096 + 12, 6, "cannot read package 1: its blob claims 6 bytes"],
    [4096 + 12, 0xffffffff, "cannot read package 1: its blob claims 4294967295 bytes"],
    [32 + 12, 1, "cannot read package 1: its blob has 16 bytes"],
    [32 + 8, 3, "cannot read package 1: its blob lies from 48 to 96 of 4208 bytes"],
    [32 + 8, 0xffffffff, "cannot read package 1: its blob lies from 68719476720 to 68719476768 of 4208 bytes"],
    [32 + 12, 0xffffffff, "cannot read package 1: its blob lies from 4096 to 68719480816 of 4208 bytes"],
  ];
  for (const [at, value, says] of lies) {
    const result = parsed(changed(two, (file) => file.writeUInt32LE(value, at)));
    assert.deepEqual(result, { blobs: ["the second, longer than one block"], messages: [says] });
  }
});

test("ndb: what is no such database says so", () => {
  const lies: readonly (readonly [at: number, value: number, says: RegExp])[] = [
    [0, 0, /cannot read an ndb database: no package database of rpm/],
    [4, 1, /version 1 is unknown/],
    [48, 0, /no slot at 48/],
  ];
  for (const [at, value, says] of lies) assert.throws(() => parsed(changed(two, (file) => file.writeUInt32LE(value, at))), says);
  const cut = parsed(changed(two, (file) => file.writeUInt32LE(0xffffffff, 12)).subarray(0, 48));
  assert.deepEqual(cut.messages, [
    "cannot read all slots: they end at 17592186040320 of 48 bytes",
    "cannot read package 1: its blob lies from 4096 to 4144 of 48 bytes",
  ]);
});

test("ndb: slots that share blobs can't make a small file a large one", () => {
  const blob = Buffer.alloc(60_000, "x");
  const file = ndbDatabase([blob, ...Array.from({ length: 200 }, () => Buffer.alloc(0))]);
  for (let slot = 1; slot <= 200; slot++) file.copy(file, 32 + 16 * slot, 32, 48);
  assert.throws(() => parsed(file), /the blobs up to slot \d+ overlap/);
});
