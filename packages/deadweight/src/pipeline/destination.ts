import { createHash } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { defaultLimits } from "../archive/limits.ts";
import type { ImageSource, Outgoing, OutgoingImage, Store } from "../contracts/store.ts";
import { completeImage } from "../image/complete.ts";
import { leavesOf, readImageIndex } from "../image/image-index.ts";
import { UserError } from "../lib/user-error.ts";
import { parseReference, qualifiedName } from "../model/reference.ts";
import { stores } from "../stores/index.ts";
import { findDestination } from "../stores/write/find-destination.ts";
import { alreadyThere } from "../stores/write/write-aside.ts";
import type { FoundImage } from "./with-facts.ts";

/** Where an image is to be written. */
export interface Destination {
  /** Undefined for a bare name: the engine of the source, else Docker. */
  readonly scheme: string | undefined;
  readonly name: string;
  /** Whether it takes an index with several images, for a source of that store. */
  readonly holdsIndex: (source: Store) => boolean;
  /** Writes images, opens them again, and gives their reference. Throws UserError. */
  readonly write: (outgoing: Outgoing, source: WrittenSource, force: boolean) => Promise<string>;
}

/** Where the images come from that are written. */
export interface WrittenSource extends FoundImage {
  /** Digests of layers that it has. */
  readonly sourceLayers: ReadonlySet<string>;
}

const engines: ReadonlySet<string> = new Set(["docker", "podman"]);
const indexHolders: ReadonlySet<string> = new Set(["oci", "oci-archive", "registry"]);
const inFiles: ReadonlySet<string> = new Set(["docker-archive", "oci", "oci-archive"]);

/** What a reference to a destination means. Throws UserError, exit 2, for one that can't be written. */
export function destinationOf(text: string): Destination {
  const { scheme, name } = parseReference(text);
  if (scheme === undefined && isPath(name)) {
    throw new UserError("bad-reference", `destination ${JSON.stringify(name)}: says not as what to write it`, {
      hint: `write oci:${name}, oci-archive:${name} or docker-archive:${name}`,
      exitCode: 2,
    });
  }
  if (scheme !== undefined) writerOf(scheme);
  return {
    scheme,
    name,
    holdsIndex: (source) => indexHolders.has(scheme ?? engineOf(source)),
    write: (outgoing, source, force) => write(scheme ?? engineOf(source.store), name, outgoing, source, force),
  };
}

/** Fails before hours of work when something is at a file's or folder's place that may not be replaced. Throws UserError, exit 2. */
export async function checkDestination({ scheme, name }: Destination, force: boolean): Promise<void> {
  if (force || scheme === undefined || !inFiles.has(scheme)) return;
  const { path } = await findDestination(name, scheme);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || (scheme === "oci" && found.isDirectory() && (await readdir(path)).length === 0)) return;
  throw alreadyThere(`${scheme} ${JSON.stringify(path)}`);
}

/** Whether it is only a path, or looks like a file. */
function isPath(name: string): boolean {
  return /^(?:\.{0,2}\/|~)|\.(?:tar|tgz)(?::|$)/.test(name);
}

function engineOf({ scheme }: Store): string {
  return engines.has(scheme) ? scheme : "docker";
}

function writerOf(scheme: string): Required<Pick<Store, "write" | "open">> {
  const store = stores.find((candidate) => candidate.scheme === scheme);
  if (store?.write !== undefined) return { write: store.write, open: store.open };
  const known = stores.filter((candidate) => candidate.write !== undefined).map((candidate) => candidate.scheme);
  throw new UserError("unsupported", `destination: ${scheme} can't be written`, {
    hint: `write to one of these: ${known.join(", ")}`,
    exitCode: 2,
  });
}

async function write(
  scheme: string,
  name: string,
  outgoing: Outgoing,
  { store, source, sourceLayers, open }: WrittenSource,
  force: boolean,
): Promise<string> {
  const writer = writerOf(scheme);
  const mounted = store.scheme === "registry" ? withMounts(outgoing, source.reference, sourceLayers) : outgoing;
  const { platform: _, ...options } = open;
  const reference = await writer.write(name, mounted, { ...options, force });
  // An engine has answered that it has loaded the image; to open it there means to have it saved whole.
  if (!engines.has(scheme)) await checkWritten(reference, outgoing, writer.open, open);
  return reference;
}

/** Layers that the source has as well may be mounted from its repository, `host/path`. */
function withMounts({ images, ...rest }: Outgoing, reference: string, sourceLayers: ReadonlySet<string>): Outgoing {
  const mountFrom = qualifiedName(parseReference(reference).name)
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "");
  const withMount = (layer: OutgoingImage["layers"][number]): OutgoingImage["layers"][number] =>
    sourceLayers.has(layer.descriptor.digest) ? { ...layer, mountFrom } : layer;
  return { ...rest, images: images.map((image) => ({ ...image, layers: image.layers.map(withMount) })) };
}

async function checkWritten(
  reference: string,
  outgoing: Outgoing,
  openIn: Store["open"],
  open: FoundImage["open"],
): Promise<void> {
  const source = await openIn(parseReference(reference).name, open);
  try {
    const [expected, actual] =
      outgoing.index === undefined ? await configs(source, outgoing, open) : await indexes(source, outgoing);
    if (expected === actual) return;
    const why = `the ${outgoing.index === undefined ? "config" : "index"} there is ${actual}, the one that was written ${expected}`;
    throw new UserError("digest-mismatch", `${reference}: holds another image than was written: ${why}`, {
      hint: "somebody else may write there at the same time; write it again",
    });
  } finally {
    await source.close();
  }
}

type Digests = readonly [expected: string | undefined, actual: string];

async function configs(source: ImageSource, { images }: Outgoing, open: FoundImage["open"]): Promise<Digests> {
  const { configBytes } = await completeImage(source, open.platform, defaultLimits);
  return [images[0]?.config.descriptor.digest, sha256(configBytes)];
}

/** Reads all manifests that the index leads to, and so checks them. */
async function indexes(source: ImageSource, { index }: Outgoing): Promise<Digests> {
  const found = await readImageIndex(source, defaultLimits);
  const missing = found === undefined ? [] : leavesOf(found).filter(({ leadsTo }) => leadsTo.kind === "missing");
  return [index?.descriptor.digest, found === undefined || missing.length > 0 ? "not whole" : sha256(found.bytes)];
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
