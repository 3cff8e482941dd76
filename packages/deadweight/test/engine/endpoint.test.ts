import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { type Endpoint, parseEndpoint } from "../../src/engine/endpoint.ts";

const endpoints: readonly (readonly [text: string, endpoint: Endpoint])[] = [
  ["unix:///var/run/docker.sock", { kind: "socket", path: "/var/run/docker.sock" }],
  ["unix://relative.sock", { kind: "socket", path: "relative.sock" }],
  ["tcp://127.0.0.1:2375", { kind: "tcp", host: "127.0.0.1", port: 2375, tls: undefined }],
  ["tcp://localhost", { kind: "tcp", host: "localhost", port: 2375, tls: undefined }],
  ["tcp://[::1]:99", { kind: "tcp", host: "[::1]", port: 99, tls: undefined }],
  ["http://h:1", { kind: "tcp", host: "h", port: 1, tls: undefined }],
  ["https://h", { kind: "tcp", host: "h", port: 2376, tls: { folder: "", verify: true } }],
  ["ssh://user@host", { kind: "ssh", host: "host", user: "user", port: undefined }],
  ["ssh://host:22/run/x.sock", { kind: "ssh", host: "host", user: undefined, port: 22 }],
];
for (const [text, endpoint] of endpoints) test(text, () => assert.deepEqual(parseEndpoint(text, "test", undefined), endpoint));

const wrong = [
  "",
  "x",
  "unix://",
  "tcp://",
  "npipe:////./pipe/docker",
  "ssh://",
  "ssh://-oProxyCommand=x",
  "ssh://-l@host",
  "ssh://a$(x)@host",
];
for (const text of wrong) {
  test(`${JSON.stringify(text)} is refused with exit 2`, () => {
    assert.throws(
      () => parseEndpoint(text, "test", undefined),
      (error) => error instanceof UserError && error.exitCode === 2,
    );
  });
}
