import { createHash } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { defaultLimits } from "../archive/limits.ts";
import type { Facts } from "../contracts/fact.ts";
import type { OutgoingImage, Store } from "../contracts/store.ts";
import { completeImage } from "../image/complete.ts";
import { UserError } from "../lib/user-error.ts";
import { parseReference, qualifiedName } from "../model/reference.ts";
import { stores } from "../stores/index.ts";
import { findDestination } from "../stores/write/find-destination.ts";
import { alreadyThere } from "../stores/write/write-aside.ts";
import type { ReadImage } from "./with-facts.ts";

/** Where an image is to be written. */
export interface Destination {
  /** Undefined for a bare name: the engine of the source, else Docker. */
  readonly scheme: string | undefined;
  readonly name: string;
  /** Writes the image, opens it again, and gives its reference. Throws UserError. */
  readonly write: (image: OutgoingImage, source: ReadImage, force: boolean) => Promise<string>;
}

const engines: ReadonlySet<string> = new Set(["docker", "podman"]);
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
    write: (image, source, force) => write(scheme ?? engineOf(source.store), name, image, source, force),
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
  image: OutgoingImage,
  { store, facts, open }: ReadImage,
  force: boolean,
): Promise<string> {
  const writer = writerOf(scheme);
  const outgoing = store.scheme === "registry" ? withMounts(image, facts) : image;
  const { platform: _, ...options } = open;
  const reference = await writer.write(name, { images: [outgoing] }, { ...options, force });
  // An engine has answered that it has loaded the image; to open it there means to have it saved whole.
  if (!engines.has(scheme)) await checkWritten(reference, image, writer.open, open);
  return reference;
}

/** Layers that the source has as well may be mounted from its repository, `host/path`. */
function withMounts(image: OutgoingImage, { image: source, layers }: Facts): OutgoingImage {
  const known = new Set(layers.map(({ digest }) => digest));
  const mountFrom = qualifiedName(parseReference(source.reference).name)
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "");
  return {
    ...image,
    layers: image.layers.map((layer) => (known.has(layer.descriptor.digest) ? { ...layer, mountFrom } : layer)),
  };
}

async function checkWritten(
  reference: string,
  image: OutgoingImage,
  openIn: Store["open"],
  open: ReadImage["open"],
): Promise<void> {
  const source = await openIn(parseReference(reference).name, open);
  try {
    const { configBytes } = await completeImage(source, open.platform, defaultLimits);
    const digest = `sha256:${createHash("sha256").update(configBytes).digest("hex")}`;
    if (digest === image.config.descriptor.digest) return;
    const why = `the config there is ${digest}, the one that was written ${image.config.descriptor.digest}`;
    throw new UserError("digest-mismatch", `${reference}: holds another image than was written: ${why}`, {
      hint: "somebody else may write there at the same time; write it again",
    });
  } finally {
    await source.close();
  }
}
