import { constants, createGzip, type ZlibOptions } from "node:zlib";
import { seededRandom } from "./random.ts";

/** How a gzip blob is made: its members end at `borders`, and zlib flushes (a FLUSH constant) at `flushes`, places in the content. */
export interface GzipRecipe extends Pick<ZlibOptions, "level" | "strategy" | "memLevel" | "windowBits"> {
  readonly borders?: readonly number[];
  readonly flushes?: readonly number[];
  readonly flush?: number;
}

/** Content in runs of up to `run` bytes: noise, zeros, letters, words, and what stood there some time before. */
export function mixedContent(length: number, seed: number, run = 4000): Buffer {
  const random = seededRandom(seed);
  const content = Buffer.alloc(length);
  const words = ["usr", "lib", "python3", "dist-packages", "etc", "share", "doc", "0000644", "ustar"];
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + 1 + Math.floor(random() * run));
    const kind = Math.floor(random() * 5);
    const back = 1 + Math.floor(random() * Math.min(at, 40_000));
    if (kind === 3) {
      while (at < end) at += content.write(`${words[Math.floor(random() * words.length)]}/`, at, end - at);
    } else if (kind === 4 && at > back) {
      for (; at < end; at++) content[at] = content[at - back] ?? 0;
    } else {
      for (; at < end; at++) content[at] = kind === 0 ? random() * 256 : kind === 1 ? 0 : 97 + random() * 8;
    }
  }
  return content;
}

/** A gzip blob of the content. */
export function gzipOf(content: Uint8Array, recipe: GzipRecipe = {}): Buffer {
  const ends = [...(recipe.borders ?? []), content.length];
  return Buffer.concat(ends.map((end, index) => member(content, ends[index - 1] ?? 0, end, recipe)));
}

function member(content: Uint8Array, start: number, end: number, recipe: GzipRecipe): Buffer {
  const { borders: _, flushes = [], flush = constants.Z_SYNC_FLUSH, ...options } = recipe;
  const output = Buffer.alloc(2 * (end - start) + 100 * (flushes.length + 10));
  const stream = createGzip(options) as unknown as NativeStream;
  let used = 0;
  const write = (from: number, to: number, how: number): void => {
    stream._handle.writeSync(how, content, from, to - from, output, used, output.length - used);
    used = output.length - (stream._writeState[0] ?? 0);
  };
  const places = [start, ...flushes.filter((place) => place > start && place < end)];
  for (const [index, place] of places.entries()) {
    const next = places[index + 1];
    write(place, next ?? end, next === undefined ? constants.Z_FINISH : flush);
  }
  stream._handle.close();
  return output.subarray(0, used);
}

/** As in src/archive/zlib-handle.ts. */
interface NativeStream {
  readonly _handle: {
    readonly writeSync: (
      flush: number,
      input: Uint8Array,
      at: number,
      length: number,
      output: Uint8Array,
      to: number,
      room: number,
    ) => void;
    readonly close: () => void;
  };
  readonly _writeState: Uint32Array;
}
