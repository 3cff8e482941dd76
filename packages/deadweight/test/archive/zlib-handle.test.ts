import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { ZlibHandle } from "../../src/archive/zlib-handle.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { gzipMembers, zstdFrame } from "../support/compressed.ts";

const content = Buffer.from("what Node's own decompressors took and made, call by call. ".repeat(50));
const kinds = [
  { kind: "gzip", blob: gzipMembers(content), flush: constants.Z_SYNC_FLUSH },
  { kind: "deflate", blob: deflateRawSync(content), flush: constants.Z_SYNC_FLUSH },
  { kind: "zstd", blob: zstdFrame(content), flush: constants.ZSTD_e_continue },
] as const;

for (const { kind, blob, flush } of kinds) {
  test(`${kind}: this Node tells how much input each call took and how much output it made`, () => {
    const handle = new ZlibHandle(kind);
    const output = new Uint8Array(content.length + 10);
    handle.write(flush, blob, 0, blob.length - 1, output, 0, 100);
    assert.equal(handle.produced, 100);
    assert.ok(handle.consumed > 0 && handle.consumed < blob.length);
    let consumed = handle.consumed;
    handle.write(flush, blob, consumed, blob.length - consumed, output, 100, output.length - 100);
    assert.equal(handle.produced, content.length - 100);
    consumed += handle.consumed;
    assert.equal(consumed, blob.length);
    assert.ok(content.equals(output.subarray(0, content.length)));
    handle.reset();
    handle.write(flush, blob, 0, blob.length, output, 0, output.length);
    assert.deepEqual([handle.consumed, handle.produced], [blob.length, content.length]);
    handle.close();
  });

  test(`${kind}: what is no ${kind} is a UserError`, () => {
    const handle = new ZlibHandle(kind);
    assert.throws(
      () => handle.write(flush, Buffer.from("no such thing as this"), 0, 21, new Uint8Array(10), 0, 10),
      (error) => error instanceof UserError && error.code === "corrupt-layer" && error.message.startsWith("decompress: "),
    );
    handle.close();
  });
}
