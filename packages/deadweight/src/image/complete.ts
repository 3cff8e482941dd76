import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Limits } from "../archive/limits.ts";
import type { ArchiveSource, ImageSource, ManifestSource, StoredBytes } from "../contracts/store.ts";
import { UserError } from "../lib/user-error.ts";
import type { BlobBytes, Descriptor, HistoryRow, Image, ImageConfig, Layer } from "../model/image.ts";
import { printPlatform, type Platform } from "../model/platform.ts";
import { parseImageConfig } from "./image-config.ts";
import { parseManifest, type Manifest, type ManifestIndex } from "./manifest.ts";

/**
 * Makes a whole image of what a store supplies, whatever the store: finds the platform's manifest through nested indexes, checks the
 * digest and size of every manifest and of the config, and that config, manifest and layers agree. Throws UserError.
 */
export async function completeImage(stored: ImageSource, platform: Platform, limits: Limits): Promise<Image> {
  if (stored.kind === "archive") return fromArchive(stored, limits);
  const { manifest, bytes } = await findManifest(stored, platform, limits);
  if (manifest.config.size > limits.configBytes) throw tooLarge("config", manifest.config.size, limits.configBytes);
  const configBytes = await readAll(await stored.blob(manifest.config), limits.configBytes);
  checkBytes("config", { bytes: configBytes, digest: manifest.config.digest, size: manifest.config.size });
  const config = parseImageConfig(configBytes);
  checkCount(config, manifest.layers.length, limits);
  const blobs = await Promise.all(manifest.layers.map((layer) => blobOf(stored, layer)));
  return {
    reference: stored.reference,
    digest: sha256(bytes),
    config,
    annotations: manifest.annotations,
    layers: blobs.map((blob, index) => layerOf(index, config, blob, manifest.layers[index])),
    manifestBytes: bytes,
    configBytes,
  };
}

function fromArchive(stored: ArchiveSource, limits: Limits): Image {
  const { config: configBytes, layers, reference } = stored;
  checkBytes("config", configBytes);
  const config = parseImageConfig(configBytes.bytes);
  checkCount(config, layers.length, limits);
  return {
    reference,
    digest: sha256(configBytes.bytes),
    config,
    annotations: {},
    layers: layers.map((blob, index) => layerOf(index, config, blob, undefined)),
    manifestBytes: undefined,
    configBytes: configBytes.bytes,
  };
}

async function blobOf(stored: ManifestSource, layer: Descriptor): Promise<BlobBytes> {
  const blob = await stored.blob(layer);
  if (blob.size !== layer.size)
    throw new UserError(
      "digest-mismatch",
      `layer ${layer.digest}: the manifest says ${layer.size} bytes, there are ${blob.size}`,
    );
  return blob;
}

function layerOf(index: number, config: ImageConfig, blob: BlobBytes, descriptor: Descriptor | undefined): Layer {
  const rows = config.history.filter((row) => !row.emptyLayer);
  const history: HistoryRow | undefined = rows.length === config.diffIds.length ? rows[index] : undefined;
  return {
    index,
    digest: descriptor?.digest,
    diffId: config.diffIds[index] ?? "",
    mediaType: descriptor?.mediaType ?? "application/vnd.docker.image.rootfs.diff.tar",
    blob,
    history,
  };
}

/** Walks indexes, at most `indexDepth` deep, each digest once, to the first manifest of the platform. */
async function findManifest(
  stored: ManifestSource,
  platform: Platform,
  limits: Limits,
): Promise<{ manifest: Manifest; bytes: Uint8Array }> {
  const seen = new Set<string>();
  const offered = new Set<string>();
  const visit = async (claimed: StoredBytes, depth: number): Promise<{ manifest: Manifest; bytes: Uint8Array } | undefined> => {
    if (claimed.bytes.length > limits.manifestBytes) throw tooLarge("manifest", claimed.bytes.length, limits.manifestBytes);
    checkBytes("manifest", claimed);
    const manifest = parseManifest(claimed.bytes, claimed.mediaType);
    if (manifest.kind === "manifest") return { manifest, bytes: claimed.bytes };
    if (depth >= limits.indexDepth) throw new UserError("unreadable", `index: nested deeper than ${limits.indexDepth}`);
    for (const descriptor of candidates(manifest, platform, offered)) {
      if (seen.has(descriptor.digest)) continue;
      if (seen.add(descriptor.digest).size > limits.indexEntries)
        throw new UserError("unreadable", `index: more than ${limits.indexEntries} manifests`);
      const found = await visit({ ...descriptor, bytes: await stored.manifest(descriptor) }, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = await visit(stored.root, 0);
  if (found !== undefined) return found;
  throw new UserError("not-found", `${stored.reference}: no image for ${printPlatform(platform)}`, {
    hint: offered.size === 0 ? "the index is empty" : `choose one of these with --platform: ${[...offered].sort().join(", ")}`,
  });
}

/** Descriptors that may lead to the platform, the closest first. Attestations (`unknown/unknown`) never do. */
function candidates(index: ManifestIndex, wanted: Platform, offered: Set<string>): readonly Descriptor[] {
  const ranked: { descriptor: Descriptor; rank: number }[] = [];
  for (const descriptor of index.manifests) {
    const { platform } = descriptor;
    if (platform === undefined) ranked.push({ descriptor, rank: 3 });
    else if (platform.os !== "unknown") {
      offered.add(printPlatform(platform));
      const rank = rankOf(platform, wanted);
      if (rank !== undefined) ranked.push({ descriptor, rank });
    }
  }
  return ranked.sort((one, other) => one.rank - other.rank).map(({ descriptor }) => descriptor);
}

function rankOf(platform: Platform, wanted: Platform): number | undefined {
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return undefined;
  if (platform.variant === wanted.variant) return 0;
  // arm64 is v8 and amd64 is v1 where nothing is said; a variant that was asked for is never replaced by another one.
  const usual: Readonly<Record<string, string>> = { arm64: "v8", amd64: "v1" };
  const expected = wanted.variant ?? usual[wanted.architecture];
  if ((platform.variant ?? usual[platform.architecture]) === expected) return 1;
  return wanted.variant === undefined ? 2 : undefined;
}

function checkCount(config: ImageConfig, layers: number, limits: Limits): void {
  if (layers > limits.layers) throw new UserError("limit", `image: ${layers} layers, more than ${limits.layers}`);
  if (config.diffIds.length !== layers) {
    throw new UserError("unreadable", `image: ${layers} layers, but the config has ${config.diffIds.length} diffIds`);
  }
}

/** Throws UserError `digest-mismatch` for bytes that are not what is claimed of them. */
export function checkBytes(what: string, claimed: StoredBytes): void {
  const { bytes, digest, size } = claimed;
  if (size !== undefined && size !== bytes.length)
    throw new UserError("digest-mismatch", `${what}: said to be ${size} bytes, is ${bytes.length}`);
  if (digest === undefined) return;
  const algorithm = digest.startsWith("sha512:") ? "sha512" : "sha256";
  const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
  if (actual !== digest) throw new UserError("digest-mismatch", `${what}: said to be ${digest}, is ${actual}`);
}

/** All bytes of a small blob. Throws UserError `limit`. */
export async function readAll(blob: BlobBytes, most: number): Promise<Uint8Array> {
  if (blob.size > most) throw tooLarge("config", blob.size, most);
  if (blob.kind === "file") return readRange(blob.path, blob.offset, blob.size);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of blob.open()) {
    total += piece.length;
    if (total > most) throw tooLarge("config", total, most);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLarge(what: string, bytes: number, most: number): UserError {
  return new UserError("limit", `${what}: ${bytes} bytes, more than ${most}`);
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

async function readRange(path: string, offset: number, size: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, size - at, offset + at);
      if (bytesRead === 0) throw new UserError("unreadable", `${path}: ends before byte ${offset + size}`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
