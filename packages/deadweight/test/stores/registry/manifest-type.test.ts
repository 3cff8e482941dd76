import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/lib/user-error.ts";
import { manifestType } from "../../../src/stores/registry/manifest-type.ts";

const manifest = "application/vnd.oci.image.manifest.v1+json";
const index = "application/vnd.oci.image.index.v1+json";
const docker = "application/vnd.docker.distribution.manifest.v2+json";

function typeOf(body: unknown, contentType?: string, expected?: string): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return manifestType(Buffer.from(text), contentType, expected, "host/name:tag");
}

test("the media type comes from header, body and descriptor, and from the form when none says", () => {
  assert.equal(typeOf({ schemaVersion: 2, mediaType: docker }, docker, docker), docker);
  assert.equal(typeOf({ schemaVersion: 2 }, `${manifest}; charset=utf-8`), manifest);
  assert.equal(typeOf({ schemaVersion: 2, mediaType: docker }, "text/plain"), docker);
  assert.equal(typeOf({ schemaVersion: 2, manifests: [] }), index);
  assert.equal(typeOf({ schemaVersion: 2, layers: [] }, "application/json"), manifest);
  assert.equal(typeOf({ schemaVersion: 2 }, "application/json", docker), docker);
});

function refused(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UserError && error.code === code && message.test(error.message) && error.exitCode === 3;
}

test("what contradicts itself is refused", () => {
  assert.throws(() => typeOf({ mediaType: docker }, manifest), refused("unreadable", /several media types: .*docker.*oci/));
  assert.throws(() => typeOf({ mediaType: docker }, docker, index), refused("unreadable", /several media types/));
  assert.throws(() => typeOf({}, manifest, docker), refused("unreadable", /several media types/));
  assert.throws(() => typeOf({ manifests: [], layers: [] }), refused("unreadable", /a manifest and an index at once/));
  assert.throws(() => typeOf({ manifests: [], config: {} }), refused("unreadable", /a manifest and an index at once/));
  assert.throws(() => typeOf({ mediaType: 5 }), refused("unreadable", /mediaType that is not text/));
});

test("what is no manifest is refused", () => {
  assert.throws(() => typeOf("<html>", "text/html"), refused("unreadable", /sent as text\/html: no valid JSON/));
  assert.throws(() => typeOf("[]"), refused("unreadable", /not a JSON object/));
  assert.throws(() => typeOf("[".repeat(100_000)), refused("unreadable", /nested deeper/));
});

test("schema 1 is refused by header and by body", () => {
  const signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";
  assert.throws(() => typeOf({ schemaVersion: 1, fsLayers: [] }, "application/json"), refused("unsupported", /schema 1/));
  assert.throws(() => typeOf({}, signed), refused("unsupported", /host\/name:tag: a schema 1 manifest/));
});
