import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { parseReference, qualifiedName } from "../../src/model/reference.ts";

const forms: readonly (readonly [text: string, scheme: string | undefined, name: string])[] = [
  ["docker-archive:f.tar", "docker-archive", "f.tar"],
  ["docker-archive:f.tar:name:tag", "docker-archive", "f.tar:name:tag"],
  ["oci:dir", "oci", "dir"],
  ["oci:dir:tag", "oci", "dir:tag"],
  ["oci-dir:dir", "oci", "dir"],
  ["oci-archive:f.tar", "oci-archive", "f.tar"],
  ["docker:busybox", "docker", "busybox"],
  ["docker:host:5000/a/b:1", "docker", "host:5000/a/b:1"],
  ["docker-daemon:busybox:latest", "docker", "busybox:latest"],
  ["podman:localhost/x", "podman", "localhost/x"],
  ["docker://busybox", "registry", "busybox"],
  ["docker://host:5000/a@sha256:00", "registry", "host:5000/a@sha256:00"],
  ["registry:host/a:1", "registry", "host/a:1"],
  ["busybox", undefined, "busybox"],
  ["busybox:1.36", undefined, "busybox:1.36"],
  ["localhost:5000/a:1", undefined, "localhost:5000/a:1"],
  ["./docker:x", undefined, "./docker:x"],
  ["a folder/image.tar", undefined, "a folder/image.tar"],
  ["ocix:1", undefined, "ocix:1"],
];

for (const [text, scheme, name] of forms) {
  test(`${text} is ${scheme ?? "bare"}, ${name}`, () => assert.deepEqual(parseReference(text), { scheme, name }));
}

const wrong = ["", "  ", "docker:", "oci:", "docker://", "a\nb", "a\0b", "a\x1b[31m", "x".repeat(5000)];
for (const text of [...wrong, "containers-storage:x", "dir:x", "https://host/x", "http://host/x"]) {
  test(`${JSON.stringify(text.slice(0, 30))} is refused with exit 2`, () => {
    assert.throws(
      () => parseReference(text),
      (error) => error instanceof UserError && error.exitCode === 2,
    );
  });
}

const names: readonly (readonly [short: string, full: string])[] = [
  ["busybox", "docker.io/library/busybox:latest"],
  ["busybox:1", "docker.io/library/busybox:1"],
  ["a/b", "docker.io/a/b:latest"],
  ["docker.io/busybox", "docker.io/library/busybox:latest"],
  ["index.docker.io/library/busybox", "docker.io/library/busybox:latest"],
  ["localhost/x", "localhost/x:latest"],
  ["localhost:5000/x", "localhost:5000/x:latest"],
  ["registry.example/a/b:2", "registry.example/a/b:2"],
  ["busybox@sha256:00", "docker.io/library/busybox@sha256:00"],
];

for (const [short, full] of names) test(`${short} means ${full}`, () => assert.equal(qualifiedName(short), full));
