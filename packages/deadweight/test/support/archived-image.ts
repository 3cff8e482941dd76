import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestEntry, tarOf } from "./layers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A file in a layout: its path and content. */
export interface LayoutFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

export interface LayoutOptions {
  readonly architecture?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** sha256 in hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The config of an image with these layers, as JSON. */
export function configOf(layers: readonly Uint8Array[], architecture = "amd64"): string {
  return JSON.stringify({
    architecture,
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    history: layers.map((_, place) => ({ created_by: `layer ${place}` })),
  });
}

/** The blobs of an image, and the descriptor of its manifest for `index.json`. */
export function ociImage(
  layers: readonly Uint8Array[],
  { architecture, annotations }: LayoutOptions = {},
): { readonly blobs: readonly LayoutFile[]; readonly descriptor: Readonly<Record<string, unknown>> } {
  const config = configOf(layers, architecture);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: describe("application/vnd.oci.image.config.v1+json", config),
    layers: layers.map((layer) => describe("application/vnd.oci.image.layer.v1.tar", layer)),
  });
  const blobs = [config, manifest, ...layers].map((content) => ({ path: `blobs/sha256/${sha256(content)}`, content }));
  const descriptor = {
    ...describe("application/vnd.oci.image.manifest.v1+json", manifest),
    ...(annotations === undefined ? {} : { annotations }),
    ...(architecture === undefined ? {} : { platform: { os: "linux", architecture } }),
  };
  return { blobs, descriptor };
}

/** `oci-layout` and an `index.json` of these descriptors. */
export function ociFrame(descriptors: readonly unknown[]): readonly LayoutFile[] {
  return [
    { path: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests: descriptors }) },
  ];
}

const place = temporaryFolder();

/** Writes the files to a new folder. */
export function folderOf(files: readonly LayoutFile[]): string {
  const folder = mkdtempSync(join(place, "layout-"));
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Writes bytes, or a tar archive of the entries, to a new file. */
export function fileOf(content: Uint8Array | readonly TestEntry[], name = "image.tar"): string {
  const path = join(mkdtempSync(join(place, "file-")), name);
  writeFileSync(path, content instanceof Uint8Array ? content : tarOf(content));
  return path;
}

function describe(mediaType: string, content: string | Uint8Array): Readonly<Record<string, unknown>> {
  return { mediaType, digest: `sha256:${sha256(content)}`, size: Buffer.byteLength(content) };
}

/** A tar header block with text written into it, and its checksum made right again. */
export function patchedHeader(header: Uint8Array, offset: number, text: string): Uint8Array {
  const block = Buffer.alloc(512);
  block.set(header.subarray(0, 512));
  block.write(text, offset, "latin1");
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
