import type { Limits } from "../../archive/limits.ts";
import { asSize } from "../../lib/integer.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { isDigest } from "../../model/digest.ts";
import type { Descriptor } from "../../model/image.ts";
import type { Platform } from "../../model/platform.ts";
import type { LayoutFiles } from "./layout-files.ts";
import { readPart } from "./read-part.ts";

/** The media type of an OCI image index. */
export const ociIndexType = "application/vnd.oci.image.index.v1+json";

/** The descriptors of a layout's `index.json` (OCI image-layout 1.1), undefined when there is none. Throws UserError `unreadable`. */
export async function readOciIndex(files: LayoutFiles, limits: Limits): Promise<readonly Descriptor[] | undefined> {
  const what = `${files.place}: index.json`;
  const part = await files.locate("index.json");
  if (part === undefined) return undefined;
  await checkVersion(files);
  const index = asRecord(parseJson(await readPart(part, limits.manifestBytes, what), what));
  const manifests = index?.["manifests"];
  // A document that can be read as a manifest and as an index means two images: CVE-2021-41190.
  if (index !== undefined && ("layers" in index || "config" in index)) {
    throw new UserError("unreadable", `${what}: has layers or a config, which an index may not`);
  }
  if (!Array.isArray(manifests)) throw new UserError("unreadable", `${what}: no list of manifests`);
  if (manifests.length > limits.indexEntries) {
    throw new UserError("unreadable", `${what}: ${manifests.length} manifests, more than the limit of ${limits.indexEntries}`);
  }
  return manifests.map((descriptor: unknown, place) => parseDescriptor(descriptor, `${what}: manifest ${place}`));
}

/** Refuses a layout of another version than 1: its blobs could be anywhere. */
async function checkVersion(files: LayoutFiles): Promise<void> {
  const part = await files.locate("oci-layout");
  if (part === undefined) return;
  const what = `${files.place}: oci-layout`;
  const version = asRecord(parseJson(await readPart(part, 4096, what), what))?.["imageLayoutVersion"];
  if (typeof version !== "string" || !version.startsWith("1.")) {
    throw new UserError("unreadable", `${what}: version ${JSON.stringify(version ?? null)}, only 1.x is known`);
  }
}

function parseDescriptor(value: unknown, what: string): Descriptor {
  const descriptor = asRecord(value);
  const { mediaType, digest, size, platform, annotations } = descriptor ?? {};
  const bytes = asSize(size);
  if (!isDigest(digest)) throw new UserError("unreadable", `${what}: ${JSON.stringify(digest ?? null)} is no digest`);
  if (bytes === undefined) throw new UserError("unreadable", `${what}: ${JSON.stringify(size ?? null)} is no size`);
  const known = parsePlatformObject(platform);
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest,
    size: bytes,
    ...(known === undefined ? {} : { platform: known }),
    annotations: textsOf(annotations),
  };
}

function parsePlatformObject(value: unknown): Platform | undefined {
  const { os, architecture, variant } = asRecord(value) ?? {};
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return typeof variant === "string" && variant !== "" ? { os, architecture, variant } : { os, architecture };
}

/** The texts of an object. A Map between, as `__proto__` may be a key. */
function textsOf(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(asRecord(value) ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(texts);
}
