import assert from "node:assert/strict";
import { test } from "node:test";
import { http } from "../../src/checks/http.ts";
import type { Answer } from "../../src/model/observation.ts";
import { answerOf, lifeOf, observedOf, verdictOf } from "../support/observed.ts";

const said = (before: readonly Answer[], after: readonly Answer[], compare: object = {}): Promise<string> =>
  verdictOf(
    http,
    observedOf(
      {
        before: before.map((answer) => lifeOf({ answers: [answer] })),
        after: after.map((answer) => lifeOf({ answers: [answer] })),
      },
      { service: { probes: [{ name: "home", http: { path: "/" }, compare }] } },
    ),
  );
const json = (value: unknown): Answer => answerOf(JSON.stringify(value), { headers: { "content-type": "application/json" } });

test("status and named headers", async () => {
  assert.equal(await said([answerOf("x")], [answerOf("x")]), "same: status 200, 1 byte");
  assert.match(await said([answerOf("x")], [answerOf("x", { code: 500 })]), /\nstatus: was 200, is 500$/);
  const named = (value: string): Answer => answerOf("x", { headers: { "x-model": value } });
  assert.match(await said([named("a")], [named("b")]), /^same/);
  assert.match(await said([named("a")], [named("b")], { headers: ["X-Model"] }), /\nheader X-Model: was a, is b$/);
  assert.match(await said([named("a")], [answerOf("x")], { headers: ["X-Model"] }), /\nheader X-Model: was a, is not there$/);
  const failed = answerOf("", { failure: "no answer within 5 ms", code: undefined });
  assert.match(await said([answerOf("x")], [failed]), /^different: .*\nno answer: no answer within 5 ms$/);
  assert.equal(await said([failed], [answerOf("x")]), "not-run: the original does not answer: no answer within 5 ms");
  assert.equal(await said([answerOf("x")], []), "different: the candidate was not ready to be asked");
});

test("JSON by value: order of fields is nothing, paths can be left out, numbers have a tolerance", async () => {
  assert.match(await said([json({ a: 1, b: [1, 2] })], [json({ b: [1, 2], a: 1 })]), /^same/);
  assert.match(
    await said([json({ a: 1, b: [1, 2] })], [json({ a: 1, b: [2, 1] })]),
    /\n\$\.b\[0\]: was 1, is 2\n\$\.b\[1\]: was 2, is 1$/,
  );
  assert.match(await said([json({ a: 1 })], [json({ a: 1, b: 2 })]), /\n\$\.b: was not there, is 2$/);
  assert.match(await said([json({ a: 1 })], [json([])]), /\n\$: was \{"a":1\}, is \[\]$/);
  const items = (id: number, score: number): Answer => json({ items: [{ id, score }] });
  assert.match(await said([items(1, 0.5)], [items(2, 0.5)], { ignore: ["$.items[*].id"] }), /^same/);
  assert.match(await said([items(1, 0.5)], [items(1, 0.501)], { tolerance: 0.01 }), /^same/);
  assert.match(await said([items(1, 0.5)], [items(1, 0.52)], { tolerance: 0.01 }), /score: was 0.5, is 0.52$/);
  assert.match(await said([json({ a: 1 })], [answerOf("<html>")]), /\nline 1: was "\{\\"a\\":1\}", is "<html>"$/);
});

test("what varies in the original is no difference, and is told", async () => {
  const at = (time: number, name: string): Answer => json({ time, name });
  assert.equal(
    await said([at(1, "a"), at(2, "a")], [at(3, "a")]),
    "same: status 200, 21 bytes, without $.time, which vary in the original",
  );
  assert.match(await said([at(1, "a"), at(2, "a")], [at(3, "b")]), /^different: .*\n\$\.name: was "a", is "b"$/);
  assert.match(await said([answerOf("x1"), answerOf("x2")], [answerOf("x3")]), /^not-run: the original's own answers differ/);
  assert.match(await said([answerOf("x1"), answerOf("x2")], [answerOf("x3")], { pattern: "^x\\d$" }), /^same/);
  assert.match(await said([answerOf("x"), answerOf("x", { code: 503 })], [answerOf("x")]), /^not-run/);
});

test("bytes by their hash, sound by its length and level", async () => {
  const image = (text: string): Answer => answerOf(text, { headers: { "content-type": "image/png" } });
  assert.match(
    await said([image("a")], [image("b")]),
    /\nbody: was 1 byte of sha256:ca978112ca1b, is 1 byte of sha256:3e23e8160039$/,
  );
  const sound = (samples: number, amplitude: number, rate = 8000): Answer =>
    answerOf(wavOf(samples, amplitude, rate), { headers: { "content-type": "audio/wav" } });
  assert.match(await said([sound(8000, 8192)], [sound(8000, 8193)]), /^same/, "a level within 0.0005");
  assert.match(await said([sound(8000, 8192)], [sound(8000, 4096)]), /\nlevel: was 0.2500, is 0.1250$/);
  assert.match(await said([sound(8000, 8192)], [sound(6000, 8192)]), /\nseconds: was 1.0000, is 0.7500$/);
  assert.match(await said([sound(8000, 8192)], [sound(7900, 8192)], { tolerance: 0.02 }), /^same/);
  assert.match(await said([sound(8000, 8192)], [sound(8000, 8192, 16_000)]), /\nrate: was 8000.0000, is 16000.0000\nseconds/);
  assert.match(await said([sound(8000, 8192)], [answerOf("RIFF")]), /\nWAV: was one, is none that can be read$/);
});

/** A square wave of 16 bits: its level is its amplitude. */
function wavOf(samples: number, amplitude: number, rate: number): Uint8Array {
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write("RIFF", 0).toString();
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(samples * 2, 40);
  for (let sample = 0; sample < samples; sample++) bytes.writeInt16LE(sample % 2 === 0 ? amplitude : -amplitude, 44 + sample * 2);
  return bytes;
}
