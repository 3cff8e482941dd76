import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";

const ociIndex = "application/vnd.oci.image.index.v1+json";
const ociManifest = "application/vnd.oci.image.manifest.v1+json";
const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** The `Accept` header of a manifest request: manifests and indexes, OCI's and Docker's, but not schema 1. */
export const acceptedManifests: string = [ociIndex, dockerList, ociManifest, dockerManifest].join(", ");

/**
 * The media type of a manifest's or index's bytes. Throws UserError `unsupported` for schema 1, `unreadable` when the header, the body and
 * the descriptor disagree or the body is both a manifest and an index: two readers would see two images (CVE-2021-41190).
 */
export function manifestType(
  bytes: Uint8Array,
  contentType: string | undefined,
  expected: string | undefined,
  what: string,
): string {
  const sent = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  const body = asRecord(parseJson(bytes, `${what}: the manifest, sent as ${printable(sent)}`));
  if (!body) throw unreadable(what, "is not a JSON object");
  if (body["schemaVersion"] === 1 || schema1.test(sent)) throw tooOld(what);
  const isIndex = "manifests" in body;
  if (isIndex && ("layers" in body || "config" in body)) throw unreadable(what, "is a manifest and an index at once");
  const declared = body["mediaType"];
  if (declared !== undefined && typeof declared !== "string") throw unreadable(what, "has a mediaType that is not text");
  const types = new Set([declared, isManifestType(sent) ? sent : undefined, expected].filter((type) => type !== undefined));
  if (types.size > 1) throw unreadable(what, `has several media types: ${[...types].map(printable).join(", ")}`);
  const [type = isIndex ? ociIndex : ociManifest] = types;
  return type;
}

/** Some registries send `application/json` or `text/plain`, which says nothing. */
function isManifestType(type: string): boolean {
  return /^application\/vnd\.(?:oci|docker)\./.test(type);
}

function printable(text: string): string {
  return /^[\x20-\x7e]{1,200}$/.test(text) ? text : "of unknown type";
}

function unreadable(what: string, why: string): UserError {
  return new UserError("unreadable", `${what}: the manifest ${why}`);
}

function tooOld(what: string): UserError {
  return new UserError("unsupported", `${what}: a schema 1 manifest, a format given up in 2017`, {
    hint: "Pull and push the image with a current Docker, or copy it with skopeo, to convert it.",
  });
}
