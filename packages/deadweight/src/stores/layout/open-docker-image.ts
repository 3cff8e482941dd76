import type { Limits } from "../../archive/limits.ts";
import type { ArchiveSource } from "../../contracts/store.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { isDigest, type Digest } from "../../model/digest.ts";
import type { DockerManifestImage } from "./docker-manifest.ts";
import type { FilePart, LayoutFiles } from "./layout-files.ts";
import { readPart } from "./read-part.ts";

/** The source of an image that `manifest.json` describes: what `docker save` wrote before Docker 25. */
export async function openDockerImage(
  files: LayoutFiles,
  image: DockerManifestImage,
  reference: string,
  limits: Limits,
  close: () => Promise<void>,
): Promise<ArchiveSource> {
  const digest = digestInName(image.config);
  const part = await required(files, image.config, digest);
  const bytes = await readPart(part, limits.configBytes, `${files.place}: config ${JSON.stringify(image.config)}`);
  const diffIds = diffIdsOf(bytes, `${files.place}: config`);
  const layers: FilePart[] = [];
  for (const [place, path] of image.layers.entries()) layers.push(await required(files, path, diffIds[place]));
  return { kind: "archive", reference, config: { bytes, ...(digest === undefined ? {} : { digest }) }, layers, close };
}

async function required(files: LayoutFiles, path: string, digest: Digest | undefined): Promise<FilePart> {
  const part = await files.locate(path, digest);
  if (part !== undefined) return part;
  throw new UserError("unreadable", `${files.place}: ${JSON.stringify(path)}, which manifest.json names, is not there`);
}

/** The config's digest where its name has it: `<64 digits>.json` (Docker), `sha256:<64 digits>` (crane), a blob of the OCI layout. */
function digestInName(path: string): Digest | undefined {
  const digits = /^(?:blobs\/sha256\/|sha256:)?([a-f0-9]{64})(?:\.json)?$/.exec(path)?.[1];
  return digits === undefined ? undefined : `sha256:${digits}`;
}

/** The layers' digests as the config has them, to tell members of one name apart; `image/complete.ts` checks the config. */
function diffIdsOf(config: Uint8Array, what: string): readonly (Digest | undefined)[] {
  const diffIds = asRecord(asRecord(parseJson(config, what))?.["rootfs"])?.["diff_ids"];
  return Array.isArray(diffIds) ? diffIds.map((diffId: unknown) => (isDigest(diffId) ? diffId : undefined)) : [];
}
