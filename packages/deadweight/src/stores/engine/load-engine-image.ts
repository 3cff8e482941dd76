import { Readable } from "node:stream";
import type { Outgoing, OutgoingImage, WriteOptions } from "../../contracts/store.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { countWritten } from "../write/count-written.ts";
import { taggedName } from "../write/docker-files.ts";
import { onlyImage, sizeOf } from "../write/outgoing-blobs.ts";
import { alreadyThere } from "../write/write-aside.ts";
import { connectEngine, type Engine } from "../../engine/connect-engine.ts";
import type { EngineAddress } from "../../engine/endpoint.ts";
import { packImage } from "./pack-image.ts";
import { readLoadMessages } from "./read-load-messages.ts";

const maxInspectBytes = 8 * 1024 * 1024;

/**
 * Loads an image into an engine as `docker load` does, under a name; what an engine has not got whole it does not name. Throws UserError
 * `exists`, `no-engine`, `engine-failed`, and `load-failed` when the engine took the bytes and has no such image.
 */
export async function loadEngineImage(
  name: string,
  address: EngineAddress,
  outgoing: Outgoing,
  options: WriteOptions,
): Promise<string> {
  const place = `${address.program} image ${JSON.stringify(name)}`;
  const tagged = taggedName(name, place);
  const image = onlyImage(outgoing, place);
  const engine = await connectEngine(address, options);
  try {
    if (!options.force && (await layersOf(engine, tagged)) !== undefined) throw alreadyThere(place);
    const count = countWritten(`loading ${tagged}`, sizeOf(image.layers), options.onProgress);
    const archive = packImage(image, tagged, count, options);
    const answer = await engine.upload("/images/load?quiet=0", Readable.from(archive, { objectMode: false }));
    await readLoadMessages(answer, place, engine.failure);
    await checkLoaded(engine, tagged, image, place);
    count.end();
    return `${address.program}:${tagged}`;
  } finally {
    await engine.close();
  }
}

/** An engine may load and say so, and then have something else under the name: another load at the same time. */
async function checkLoaded(engine: Engine, tagged: string, { layers }: OutgoingImage, place: string): Promise<void> {
  const found = await layersOf(engine, tagged);
  const expected = layers.map(({ diffId }) => diffId);
  if (found !== undefined && found.join() === expected.join()) return;
  const why = found === undefined ? "has no image of that name" : "has another image of that name";
  throw new UserError("load-failed", `${place}: the ${engine.place} took it and ${why}`);
}

/** The layers of the image with a name, lowest first; undefined when there is none. */
async function layersOf(engine: Engine, name: string): Promise<readonly unknown[] | undefined> {
  try {
    const inspected = asRecord(await engine.json(`/images/${name}/json`, maxInspectBytes));
    const layers = asRecord(inspected?.["RootFS"])?.["Layers"];
    return Array.isArray(layers) ? layers : [];
  } catch (error) {
    if (error instanceof UserError && error.code === "not-found") return undefined;
    throw error;
  }
}
