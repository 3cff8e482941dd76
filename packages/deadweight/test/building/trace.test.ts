import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTrace } from "../../src/building/trace.ts";

/** Messages that BuildKit of Docker 20.10 has sent for a step, its output, and its failure. */
const begun =
  "CnwKR3NoYTI1Njo5NTEzODA3ZWRhZDRmYTIwMTRlMTg0Yzc1NWVjYTM0Nzk2ZjBiMmNhOTJhNmM3YmVjMGZkMzRiODMzMTI1ZjhhGiRbaW50ZXJuYWxdIGxvYWQgcmVtb3RlIGJ1aWxkIGNvbnRleHQqCwj0ypLYBhDD1qdu";
const digest = "sha256:9513807edad4fa2014e184c755eca34796f0b2ca92a6c7bec0fd34b833125f8a";

const bytes = (text: string): number[] => [...Buffer.from(text)];
const field = (number: number, content: readonly number[]): number[] => [number * 8 + 2, content.length, ...content];
const message = (...fields: readonly number[][]): Uint8Array => Uint8Array.from(fields.flat());

test("a step of a real message has its name, its digest and when it began", () => {
  const [step, ...more] = parseTrace(Buffer.from(begun, "base64"))?.steps ?? [];
  assert.deepEqual(more, []);
  assert.equal(step?.digest, digest);
  assert.equal(step?.name, "[internal] load remote build context");
  assert.equal(new Date(step?.startedMs ?? 0).toISOString().slice(0, 4), "2026");
  assert.equal(step?.endedMs, undefined);
  assert.equal(step?.isCached, false);
});

test("cached, both times, errors and outputs are read", () => {
  const step = [
    ...field(1, bytes("sha256:aa")),
    ...field(3, bytes("[1/2] RUN x")),
    32,
    1,
    ...field(5, [8, 1]),
    ...field(6, [8, 2, 16, 64]),
  ];
  const output = [...field(1, bytes("sha256:aa")), 24, 1, ...field(4, bytes("hi\n"))];
  const trace = parseTrace(message(field(1, [...step, ...field(7, bytes("exit code: 3"))]), field(3, output)));
  assert.deepEqual(trace?.steps, [
    { digest: "sha256:aa", name: "[1/2] RUN x", isCached: true, startedMs: 1000, endedMs: 2000.000064, error: "exit code: 3" },
  ]);
  assert.deepEqual(
    trace?.outputs.map(({ digest: of, bytes: told }) => [of, Buffer.from(told).toString()]),
    [["sha256:aa", "hi\n"]],
  );
});

test("fields of other versions are passed over: other numbers, 4 and 8 bytes, negative numbers", () => {
  const strange = [0xf8, 0x06, 1, 15 * 8 + 5, 1, 2, 3, 4, 14 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8];
  const negative = [13 * 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
  const trace = parseTrace(message(field(1, [...strange, ...negative, ...field(3, bytes("[1/1] FROM x"))])));
  assert.deepEqual(trace?.steps, [{ digest: "", name: "[1/1] FROM x", isCached: false }]);
});

test("what is cut off, has endless numbers or lengths beyond its end is no message, and nothing throws", () => {
  const whole = Buffer.from(begun, "base64");
  for (let end = 1; end < whole.length; end++) {
    const trace = parseTrace(whole.subarray(0, end));
    assert.ok(trace === undefined || trace.steps.length <= 1);
  }
  for (const hostile of [[10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], [10, 200], [11], [8 + 7], [255]]) {
    assert.equal(parseTrace(Uint8Array.from(hostile)), undefined);
  }
});
