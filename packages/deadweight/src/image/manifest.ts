import { asSize } from "../lib/integer.ts";
import { asRecord, parseJson } from "../lib/parse-json.ts";
import { textValues } from "../lib/text-values.ts";
import { UserError } from "../lib/user-error.ts";
import { isDigest } from "../model/digest.ts";
import type { Descriptor } from "../model/image.ts";
import type { Platform } from "../model/platform.ts";

/** An image manifest. */
export interface Manifest {
  readonly kind: "manifest";
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** An index: manifests for several platforms. */
export interface ManifestIndex {
  readonly kind: "index";
  /** By its own word. */
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
}

const indexTypes = new Set([
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
]);
const manifestTypes = new Set([
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
]);
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1/;

/**
 * Reads a manifest or an index, OCI image-spec manifest.md and image-index.md, and Docker's schema 2 of the same form. What could be
 * taken for both (`layers` beside `manifests`) is refused (GHSA-mc8v-mgrf-8f4m), as is Docker's schema 1. `expectedType` is what the
 * descriptor or the registry called it.
 */
export function parseManifest(bytes: Uint8Array, expectedType: string | undefined): Manifest | ManifestIndex {
  const root = asRecord(parseJson(bytes, "manifest"));
  if (root === undefined) throw unreadable("it is no JSON object");
  const mediaType = typeof root["mediaType"] === "string" ? root["mediaType"] : undefined;
  if (root["schemaVersion"] === 1 || schema1.test(mediaType ?? expectedType ?? "")) {
    throw new UserError("unsupported", "manifest: it is of Docker's schema 1, which no engine writes any more", {
      hint: "pull it with an engine and push it again: that makes a schema 2 manifest",
    });
  }
  const isIndex = (root["manifests"] ?? undefined) !== undefined;
  const isManifest = root["config"] !== undefined || root["layers"] !== undefined;
  if (isIndex === isManifest)
    throw unreadable(isIndex ? "it has both manifests and layers" : "it has neither manifests nor layers");
  for (const type of [mediaType, expectedType]) checkType(type, isIndex);
  if (!isIndex) return manifestFrom(root);
  return { kind: "index", ...(mediaType === undefined ? {} : { mediaType }), manifests: descriptors(root["manifests"]) };
}

function manifestFrom(root: Readonly<Record<string, unknown>>): Manifest {
  const [config] = descriptors([root["config"]]);
  if (config === undefined) throw unreadable("it has no config");
  return { kind: "manifest", config, layers: descriptors(root["layers"]), annotations: textValues(root["annotations"]) };
}

function checkType(type: string | undefined, isIndex: boolean): void {
  if (type === undefined) return;
  if ((isIndex ? manifestTypes : indexTypes).has(type))
    throw unreadable(`it is called ${type} and is ${isIndex ? "an index" : "a manifest"}`);
}

function descriptors(value: unknown): readonly Descriptor[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw unreadable("its descriptors are no list");
  return value.map((item) => descriptor(asRecord(item) ?? {}));
}

function descriptor(fields: Readonly<Record<string, unknown>>): Descriptor {
  const { digest, mediaType, annotations } = fields;
  const size = asSize(fields["size"]);
  if (!isDigest(digest)) throw unreadable(`a descriptor's digest is ${JSON.stringify(digest)?.slice(0, 200)}`);
  if (size === undefined) throw unreadable(`a descriptor's size is ${JSON.stringify(fields["size"])?.slice(0, 200)}`);
  const platform = platformOf(fields["platform"]);
  const urls = [fields["urls"]].flat().filter((url) => typeof url === "string");
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest,
    size,
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations: textValues(annotations) }),
    ...(urls.length === 0 ? {} : { urls }),
  };
}

/** A platform; unknown, which nobody asks for, when something is there that is none. */
function platformOf(value: unknown): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  const { os, architecture, variant } = asRecord(value) ?? {};
  if (typeof os !== "string" || typeof architecture !== "string") return { os: "unknown", architecture: "unknown" };
  return { os, architecture, ...(typeof variant === "string" && variant !== "" ? { variant } : {}) };
}

function unreadable(why: string): UserError {
  return new UserError("unreadable", `manifest: ${why}`);
}
