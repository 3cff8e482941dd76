import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/lib/user-error.ts";
import { parseReference, printReference } from "../../../src/stores/registry/parse-reference.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

const valid = {
  debian: ["docker.io", "registry-1.docker.io", "library/debian", "latest", "docker.io/library/debian:latest"],
  "debian:12": ["docker.io", "registry-1.docker.io", "library/debian", "12", "docker.io/library/debian:12"],
  "docker.io/debian": ["docker.io", "registry-1.docker.io", "library/debian", "latest", "docker.io/library/debian:latest"],
  "index.docker.io/a/b:c": ["docker.io", "registry-1.docker.io", "a/b", "c", "docker.io/a/b:c"],
  "pytorch/pytorch:2.4.0-cuda12.4": [
    "docker.io",
    "registry-1.docker.io",
    "pytorch/pytorch",
    "2.4.0-cuda12.4",
    "docker.io/pytorch/pytorch:2.4.0-cuda12.4",
  ],
  "localhost/x": ["localhost", "localhost", "x", "latest", "localhost/x:latest"],
  "localhost:5000/x": ["localhost:5000", "localhost:5000", "x", "latest", "localhost:5000/x:latest"],
  "LOCALHOST.Example/x": ["localhost.example", "localhost.example", "x", "latest", "localhost.example/x:latest"],
  "registry.example/a/b/c__d--e.f:V_1": [
    "registry.example",
    "registry.example",
    "a/b/c__d--e.f",
    "V_1",
    "registry.example/a/b/c__d--e.f:V_1",
  ],
  "[::1]:5000/a:b": ["[::1]:5000", "[::1]:5000", "a", "b", "[::1]:5000/a:b"],
  [`images.example/a@${digest}`]: ["images.example", "images.example", "a", "latest", `images.example/a@${digest}`],
  [`images.example/a:1@${digest}`]: ["images.example", "images.example", "a", "1", `images.example/a@${digest}`],
};

test("references are split as Docker splits them", () => {
  for (const [text, [registry, host, repository, tag, printed]] of Object.entries(valid)) {
    const reference = parseReference(text);
    assert.deepEqual(
      [reference.registry, reference.host, reference.repository, reference.tag],
      [registry, host, repository, tag],
      text,
    );
    assert.equal(printReference(reference), printed);
    assert.equal(reference.digest, text.includes("@") ? digest : undefined);
  }
});

const invalid = {
  "": /the name is not valid/,
  "registry.example/": /the name is not valid/,
  "registry.example/a//b": /the name is not valid/,
  "registry.example/a/../b": /the name is not valid/,
  a___b: /the name is not valid/,
  "registry.example/Name": /the name has upper-case letters/,
  [`registry.example/${"a".repeat(256)}`]: /the name has more than 255 characters/,
  "registry.example/a:": /the tag is not valid/,
  "registry.example/a:-x": /the tag is not valid/,
  [`registry.example/a:${"a".repeat(129)}`]: /the tag is not valid/,
  "registry.example:99999/a": /the host is not valid/,
  "-.io/a": /the host is not valid/,
  "999.1.1.1/a": /the host is not valid/,
  "https://registry.example/a": /the host is not valid/,
  "registry.example/a@sha256:12": /the digest is not valid/,
  "registry.example/a@sha256:../../../etc/passwd": /is not valid/,
  "registry.example/a b": /the name is not valid/,
  "registry.example/a\u001b[2j": /"registry.example\/a\\u001b\[2j": the name is not valid/,
  ["a".repeat(2000)]: /more than 1024 characters/,
};

test("what is no reference is a mistake in usage", () => {
  for (const [text, message] of Object.entries(invalid)) {
    assert.throws(
      () => parseReference(text),
      (error) =>
        error instanceof UserError && error.code === "invalid-reference" && error.exitCode === 2 && message.test(error.message),
      text,
    );
  }
});

test("a password in a reference is not repeated", () => {
  for (const text of [
    "user:canary@registry.example/a",
    "https://user:canary@registry.example/a:1",
    "user:can@ary@registry.example/a",
  ]) {
    assert.throws(
      () => parseReference(text),
      (error) =>
        error instanceof UserError && !/canary|ary@/.test(error.message) && error.message.includes("@registry.example/a"),
    );
  }
});
