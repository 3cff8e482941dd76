import type { OutgoingImage } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import { parseReference } from "../registry/parse-reference.ts";

/** A small file of what `docker load` reads. */
export interface SmallFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Name of a layer in the archive. */
export function layerFile(diffId: string): string {
  return `${digitsOf(diffId)}.tar`;
}

/** The config, and then what names it and the layers: `repositories`, which Docker before 1.10 read, and `manifest.json`. */
export function smallFiles({ config, layers }: OutgoingImage, name: string | undefined): readonly SmallFile[] {
  const configFile = `${digitsOf(config.descriptor.digest)}.json`;
  const layerFiles = layers.map(({ diffId }) => layerFile(diffId));
  const manifest = [{ Config: configFile, RepoTags: name === undefined ? null : [name], Layers: layerFiles }];
  const top = layers.at(-1);
  const isNamed = name !== undefined && top !== undefined;
  return [
    { name: configFile, bytes: config.bytes },
    ...(isNamed ? [{ name: "repositories", bytes: repositories(name, digitsOf(top.diffId)) }] : []),
    { name: "manifest.json", bytes: Buffer.from(JSON.stringify(manifest)) },
  ];
}

/** A name as `NAME:TAG`, with `latest` where no tag is given. Throws UserError `bad-reference`, exit 2, for what an engine takes for none. */
export function taggedName(text: string, place: string): string {
  try {
    const { tag, digest } = parseReference(text);
    // 64 digits would be an image's id.
    if (digest === undefined && !/^[a-f0-9]{64}$/.test(text)) return text.endsWith(`:${tag}`) ? text : `${text}:${tag}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  throw new UserError("bad-reference", `${place}: ${JSON.stringify(text.slice(0, 300))} can't be the name of an image`, {
    exitCode: 2,
    hint: "write NAME:TAG, in lower case",
  });
}

function repositories(name: string, topLayer: string): Uint8Array {
  const colon = name.lastIndexOf(":");
  return Buffer.from(JSON.stringify({ [name.slice(0, colon)]: { [name.slice(colon + 1)]: topLayer } }));
}

function digitsOf(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1);
}
