import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { headerLength, parseTrailer, plainHeader, trailer } from "../../../src/archive/deflate/gzip-member.ts";
import { UserError } from "../../../src/lib/user-error.ts";

const text = (content: string): Buffer => Buffer.from(content, "latin1");

test("a header is as long as its flags say, and told once it is whole", () => {
  // RFC 1952 2.3.1, the flags: header CRC 2, extra field 4, name 8, comment 16.
  const headers = [
    "\x1f\x8b\x08\x00\0\0\0\0\0\x03",
    "\x1f\x8b\x08\x08\x01\x02\x03\x04\x02\x03layer.tar\0",
    "\x1f\x8b\x08\x02\0\0\0\0\0\x03\x12\x34",
    "\x1f\x8b\x08\x1f\0\0\0\0\0\x03\x03\x00a\0bname\0comment\0\x12\x34",
    "\x1f\x8b\x08\x04\0\0\0\0\0\x03\x00\x00",
  ];
  for (const header of headers) {
    for (let length = 0; length < header.length; length++) assert.equal(headerLength(text(header.slice(0, length))), undefined);
    assert.equal(headerLength(text(`${header}\0\x1f\x8b`)), header.length);
  }
});

test("what is no header is refused at the first wrong byte", () => {
  for (const [bytes, message] of [
    ["\x1e", /byte 0 of a header is 30, not 31/],
    ["\x1f\x8c", /byte 1 of a header is 140, not 139/],
    ["\x1f\x8b\x07", /byte 2 of a header is 7, not 8/],
    ["\x1f\x8b\x08\x20\0\0\0\0\0\0", /unknown flags 32/],
  ] as const) {
    assert.throws(
      () => headerLength(text(bytes)),
      (error) => error instanceof UserError && error.code === "corrupt-layer" && message.test(error.message),
    );
  }
});

test("a name without end is refused", () => {
  const endless = Buffer.alloc(256 * 1024, "n");
  text("\x1f\x8b\x08\x08").copy(endless);
  assert.throws(() => headerLength(endless), /more than 262144 bytes/);
  assert.equal(headerLength(endless.subarray(0, 1000)), undefined);
});

test("a plain header and a trailer make a member", () => {
  const content = Buffer.from("content");
  const member = gzipSync(content);
  const { crc } = parseTrailer(member.subarray(-8), content.length);
  assert.ok(gunzipSync(Buffer.concat([plainHeader(), member.subarray(10, -8), trailer(crc, content.length)])).equals(content));
});

test("a length counts modulo 2^32", () => {
  assert.deepEqual([...trailer(0x01020304, 2 ** 32 + 5)], [4, 3, 2, 1, 5, 0, 0, 0]);
  assert.equal(parseTrailer(trailer(9, 3 * 2 ** 32 + 5), 5).crc, 9);
  assert.throws(() => parseTrailer(trailer(9, 6), 5), /a member has 5 bytes, its trailer says 6/);
});
