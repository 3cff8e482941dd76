import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChallenges } from "../../../src/stores/registry/parse-challenges.ts";

function plain(...headers: readonly string[]): readonly (readonly [string, Record<string, string>])[] {
  return parseChallenges(headers).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

test("challenges are read from one header and from several", () => {
  assert.deepEqual(plain('Bearer realm="https://auth.example/token",service="a, b",scope="repository:a/b:pull,push"'), [
    ["bearer", { realm: "https://auth.example/token", service: "a, b", scope: "repository:a/b:pull,push" }],
  ]);
  assert.deepEqual(plain('Basic realm="x"', "BEARER Realm = y , service=z"), [
    ["basic", { realm: "x" }],
    ["bearer", { realm: "y", service: "z" }],
  ]);
  assert.deepEqual(plain('Negotiate, NTLM abc==, Basic realm="q\\"uo\\\\ted", Bearer realm=r'), [
    ["negotiate", {}],
    ["ntlm", { abc: "=" }],
    ["basic", { realm: 'q"uo\\ted' }],
    ["bearer", { realm: "r" }],
  ]);
});

test("the first of two equal parameters stays, and rubbish ends the header", () => {
  assert.deepEqual(plain("Bearer realm=a,realm=b"), [["bearer", { realm: "a" }]]);
  assert.deepEqual(plain('Basic realm="open'), [
    ["basic", {}],
    ["realm", {}],
  ]);
  assert.deepEqual(plain("realm=a", "", " , ,", "\u00e9"), []);
  assert.deepEqual(plain("Bearer __proto__=a"), [["bearer", JSON.parse('{"__proto__":"a"}')]]);
});

test("a long header costs no more than its length", () => {
  assert.deepEqual(plain(`Basic${" ".repeat(200_000)}\u00e9`), [["basic", {}]]);
  assert.deepEqual(plain(`${",".repeat(200_000)}\u00e9`), []);
});
