import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultLimits, type Limits } from "../../archive/limits.ts";
import type { ImageSource, OpenOptions } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Descriptor } from "../../model/image.ts";
import { chooseImage } from "./choose-image.ts";
import { chooseDockerImage, readDockerManifest, type DockerManifestImage } from "./docker-manifest.ts";
import { archiveCompression, expandArchive } from "./expand-archive.ts";
import type { LayoutFiles } from "./layout-files.ts";
import { readOciIndex } from "./oci-index.ts";
import { openDockerImage } from "./open-docker-image.ts";
import { openLayout } from "./open-layout.ts";
import { tarFiles } from "./tar-files.ts";
import { indexTar } from "./tar-index.ts";

/** An image in an archive file. */
export interface ArchivedImage {
  readonly path: string;
  /** Which image of several. */
  readonly selector: string | undefined;
  /** As the user named it, for the report. */
  readonly reference: string;
  /** What error messages begin with. */
  readonly place: string;
}

type Chosen =
  | { readonly kind: "oci"; readonly descriptors: readonly Descriptor[] }
  | { readonly kind: "docker"; readonly image: DockerManifestImage };

/**
 * Opens an image in a tar archive, an OCI layout or what `docker save` wrote; a compressed one is expanded to a temporary file
 * first, which `close` removes. Throws UserError.
 */
export async function openArchive(
  archived: ArchivedImage,
  options: OpenOptions,
  limits: Limits = defaultLimits,
): Promise<ImageSource> {
  const { path, close } = await plainArchive(archived, options, limits);
  try {
    const files = tarFiles(path, archived.place, await indexTar(path, archived.place, limits, options.signal));
    const chosen = await choose(files, archived.selector, limits);
    if (chosen.kind === "docker") return await openDockerImage(files, chosen.image, archived.reference, limits, close);
    return await openLayout(files, chosen.descriptors, archived.reference, limits, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** The OCI index comes first, as it has the digests and the blobs as they were pulled; `manifest.json` alone names old images. */
async function choose(files: LayoutFiles, selector: string | undefined, limits: Limits): Promise<Chosen> {
  const descriptors = await readOciIndex(files, limits);
  const images = await readDockerManifest(files, limits);
  if (descriptors === undefined) {
    if (images === undefined) throw noLayout(files);
    return { kind: "docker", image: chooseDockerImage(images, selector, files.place) };
  }
  try {
    return { kind: "oci", descriptors: chooseImage(descriptors, selector, files.place) };
  } catch (error) {
    if (images === undefined || !(error instanceof UserError) || error.code !== "not-found") throw error;
    return { kind: "docker", image: chooseDockerImage(images, selector, files.place) };
  }
}

function noLayout(files: LayoutFiles): UserError {
  return new UserError("unreadable", `${files.place}: neither manifest.json nor index.json in it: no image archive`);
}

/** The archive as a plain tar file. */
async function plainArchive(
  archived: ArchivedImage,
  options: OpenOptions,
  limits: Limits,
): Promise<{ readonly path: string; readonly close: () => Promise<void> }> {
  const { path, place } = archived;
  const compression = await archiveCompression(path, place);
  if (compression === "none") return { path, close: () => Promise.resolve() };
  const folder = await mkdtemp(join(options.temporaryFolder, "archive-"));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const onProgress = (done: number, total: number): void => options.onProgress?.(`expanding ${compression} ${path}`, done, total);
  try {
    const expanded = join(folder, "archive.tar");
    await expandArchive(path, expanded, { place, limits, signal: options.signal, onProgress });
    return { path: expanded, close };
  } catch (error) {
    await close();
    throw error;
  }
}
