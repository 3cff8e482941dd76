import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultLimits } from "../../src/archive/limits.ts";
import { encodeHeader, endOfArchive, padded } from "../../src/archive/tar-writer.ts";
import { catalogers } from "../../src/catalogers/index.ts";
import type { Cataloger, WantedFile } from "../../src/contracts/cataloger.ts";
import { createFacts, type Evidence, type Facts } from "../../src/contracts/fact.ts";
import { LayerScanner } from "../../src/image/layer-scanner.ts";
import { findPointers } from "../../src/image/rewrite/find-pointers.ts";
import { deviceFilesOf } from "../../src/image/rewrite/read-device-pointers.ts";
import { wantedFiles } from "../../src/image/wanted-files.ts";
import { byteStringFromText, byteStringOf, type ByteString } from "../../src/lib/byte-string.ts";
import type { GpuChoice } from "../../src/model/gpu.ts";
import type { ImageConfig, Layer } from "../../src/model/image.ts";
import type { EntryType, LayerIndex } from "../../src/model/layer-index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** An entry of a test layer. Type defaults to file, or directory when the path ends in a slash. */
export interface TestEntry {
  readonly path: string;
  readonly type?: EntryType;
  readonly content?: string | Uint8Array;
  readonly link?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
}

const flags: Readonly<Record<EntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
  whiteout: "0",
  opaque: "0",
};

/** A tar archive of the entries. Text becomes UTF-8; names with characters 0x80 to 0xff alone are taken as byte strings. */
export function tarOf(entries: readonly TestEntry[]): Uint8Array {
  return Buffer.concat([...entries.map(encoded), endOfArchive()]);
}

function encoded(entry: TestEntry): Uint8Array {
  const type = entry.type ?? (entry.path.endsWith("/") ? "directory" : "file");
  const content = typeof entry.content === "string" ? Buffer.from(entry.content) : (entry.content ?? new Uint8Array(0));
  const header = encodeHeader({
    typeflag: flags[type],
    name: bytes(entry.path),
    size: content.length,
    mode: entry.mode ?? (type === "directory" ? 0o755 : 0o644),
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    mtime: entry.mtime ?? 1_700_000_000,
    ...(entry.link === undefined ? {} : { linkname: bytes(entry.link) }),
    ...(entry.xattrs === undefined
      ? {}
      : { pax: new Map(Object.entries(entry.xattrs).map(([key, value]) => [`SCHILY.xattr.${key}`, bytes(value)])) }),
  });
  return Buffer.concat([header, padded(content)]);
}

function bytes(text: string): ByteString {
  return /^[\0-\xff]*$/.test(text) ? text : byteStringFromText(text);
}

/** A layer index of an uncompressed archive, read by the real scanner in one piece. */
export function indexOf(archive: Uint8Array, readFor: readonly Cataloger[] = catalogers, programs = false): LayerIndex {
  const wanted = wantedFiles(readFor.flatMap((cataloger) => cataloger.wants));
  const scanner = new LayerScanner({ wanted, limits: defaultLimits, isPlain: true, programs });
  scanner.write(archive, [{ output: archive.length, input: archive.length }]);
  const digest = `sha256:${createHash("sha256").update(archive).digest("hex")}`;
  return scanner.finish({ digest, compression: "none", compressedBytes: archive.length });
}

/** Facts of an image with these layers, lowest first. `history` gives an instruction for each layer. */
export function factsOf(
  layers: readonly (readonly TestEntry[])[],
  options: {
    history?: readonly string[];
    config?: Partial<ImageConfig>;
    knownBases?: Evidence["knownBases"];
    programs?: boolean;
    gpus?: GpuChoice;
    /** Whether what leads to device code is looked for, as before it is pruned. */
    devicePointers?: boolean;
  } = {},
): Facts {
  const archives = layers.map(tarOf);
  const indexes = archives.map((archive) => indexOf(archive, catalogers, options.programs));
  const history = layers.map((_, index) => ({ createdBy: options.history?.[index] ?? "RUN step", emptyLayer: false }));
  const config: ImageConfig = {
    platform: { os: "linux", architecture: "amd64" },
    diffIds: indexes.map((index) => index.diffId),
    history,
    environment: [],
    entrypoint: [],
    command: [],
    user: "",
    workingDirectory: "/",
    labels: {},
    ...options.config,
  };
  const imageLayers = indexes.map((index, number): Layer => ({
    index: number,
    digest: index.digest,
    diffId: index.diffId,
    mediaType: "application/vnd.oci.image.layer.v1.tar",
    blob: { kind: "file", path: "", offset: 0, size: index.tarBytes },
    history: history[number],
  }));
  return createFacts({
    image: {
      reference: "test",
      digest: `sha256:${"0".repeat(64)}`,
      config,
      annotations: {},
      layers: imageLayers,
      manifestBytes: undefined,
      configBytes: new Uint8Array(0),
    },
    layers: indexes,
    knownBases: options.knownBases ?? [],
    temporaryFolder: temporaryFolder(),
    ...(options.gpus === undefined ? {} : { gpus: options.gpus }),
    ...(options.devicePointers === true ? { devicePointers: pointersIn(archives, indexes) } : {}),
  });
}

function pointersIn(archives: readonly Uint8Array[], indexes: readonly LayerIndex[]): NonNullable<Evidence["devicePointers"]> {
  let first = 0;
  const found = indexes.flatMap((index, number) => {
    const files = deviceFilesOf(index, first);
    first += index.count;
    return [...findPointers([archives[number] ?? new Uint8Array(0)], files)];
  });
  return new Map(found);
}

/** What a cataloger alone would be given of one layer with these entries, in path order. */
export function wantedFilesOf(cataloger: Cataloger, entries: readonly TestEntry[]): WantedFile[] {
  const index = indexOf(tarOf(entries), [cataloger]);
  return index.captures
    .map((capture): WantedFile => {
      const path = index.paths.path(index.path[capture.entry] ?? 0);
      const kept = capture.bytes ?? new Uint8Array(0);
      return {
        path,
        layer: 0,
        size: index.size[capture.entry] ?? 0,
        isNew: true,
        bytes: () => kept,
        localCopy: () => {
          const copy = join(temporaryFolder(), byteStringOf(Buffer.from(path)).replaceAll("/", "_"));
          writeFileSync(copy, kept);
          return copy;
        },
      };
    })
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}
