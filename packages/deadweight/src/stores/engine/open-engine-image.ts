import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ImageSource, OpenOptions } from "../../contracts/store.ts";
import { asSize } from "../../lib/integer.ts";
import { printBytes } from "../../lib/byte-size.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { fileError } from "../../lib/file-error.ts";
import { openArchive } from "../layout/open-archive.ts";
import { connectEngine, type Engine } from "../../engine/connect-engine.ts";
import type { EngineAddress } from "../../engine/endpoint.ts";

const maxInspectBytes = 8 * 1024 * 1024;
const progressStep = 4 * 1024 * 1024;
/** Headers and padding of an archive beyond the layers' own bytes. */
const archiveOverhead = 1024 * 1024;

/**
 * Opens an image that an engine holds: saved to a temporary file, as `docker save` does, which `close` removes. Throws UserError:
 * `not-found`, `no-engine`, `engine-failed` when it is not known whether it has the image, `no-space` and `save-failed` when it has.
 */
export async function openEngineImage(name: string, address: EngineAddress, options: OpenOptions): Promise<ImageSource> {
  const path = imagePath(name, address.program);
  const engine = await connectEngine(address, options);
  const folder = await mkdtemp(join(options.temporaryFolder, `${address.program}-`));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const file = join(folder, "image.tar");
    const expected = asSize(asRecord(await engine.json(`${path}/json`, maxInspectBytes))?.["Size"]);
    await checkSpace(name, expected, options.temporaryFolder, engine.place);
    await save(engine, path, file, { ...options, label: `saving ${name}`, expected });
    return await openSaved(name, address, file, removeFolder, options);
  } catch (error) {
    await removeFolder();
    throw error;
  } finally {
    await engine.close();
  }
}

async function openSaved(
  name: string,
  address: EngineAddress,
  path: string,
  removeFolder: () => Promise<void>,
  options: OpenOptions,
): Promise<ImageSource> {
  const place = `${address.program} image ${JSON.stringify(name)}`;
  const archived = { path, selector: undefined, reference: `${address.program}:${name}`, place };
  const source = await openArchive(archived, options).catch(async (error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    const said = await engineMessage(path);
    const why = said === undefined ? error.message : `${place}: the engine failed while saving it: ${said}`;
    throw new UserError("save-failed", why, { cause: error });
  });
  const close = async (): Promise<void> => {
    await source.close();
    await removeFolder();
  };
  return { ...source, close };
}

/** A name goes into a URL path: only what names and ids of images are made of. */
function imagePath(name: string, program: string): string {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/.test(name) && !name.split("/").some((part) => /^\.*$/.test(part));
  if (isPlain && name.length <= 1024) return `/images/${name}`;
  const shown = JSON.stringify(name.slice(0, 100));
  throw new UserError("bad-reference", `${program} image ${shown}: not a name that an image can have`, { exitCode: 2 });
}

async function checkSpace(name: string, needed: number | undefined, folder: string, place: string): Promise<void> {
  if (needed === undefined) return;
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= needed + archiveOverhead) return;
  const what = `saving ${JSON.stringify(name)} from the ${place}`;
  const why = `needs ${needed} bytes (${printBytes(needed)}) in ${folder}, which has ${free} (${printBytes(free)})`;
  throw new UserError("no-space", `${what}: ${why}`, { hint: "set TMPDIR to a folder with more room" });
}

interface SaveOptions extends Pick<OpenOptions, "onProgress"> {
  readonly label: string;
  readonly expected: number | undefined;
}

/** Writes the engine's archive of an image to a new file. */
async function save(engine: Engine, path: string, to: string, { onProgress, label, expected }: SaveOptions): Promise<void> {
  onProgress?.(label, 0, expected);
  let done = 0;
  let told = 0;
  const metered = async function* (pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      done += piece.length;
      yield piece;
      if (done - told < progressStep) continue;
      told = done;
      onProgress?.(label, done, expected && Math.max(done, expected));
    }
  };
  const body = await engine.stream(`${path}/get`);
  try {
    await pipeline(body, metered, createWriteStream(to, { flags: "wx", mode: 0o600, highWaterMark: progressStep }));
  } catch (error) {
    const readable = fileError(error, `${label} to ${to}`);
    if (readable !== error) throw readable;
    const failure = engine.failure(error);
    throw failure instanceof UserError ? new UserError("save-failed", failure.message, { cause: failure }) : failure;
  }
  onProgress?.(label, done, done);
}

/** An engine that fails once the answer has begun can only write its error behind what it has sent. */
async function engineMessage(path: string): Promise<string | undefined> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, 4096));
  await file.read(tail, 0, tail.length, size - tail.length);
  return /\{"errorDetail":\{.*?"message":("(?:[^"\\]|\\.)*")/.exec(tail.toString("latin1"))?.[1];
}
