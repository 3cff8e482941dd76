/** Both outputs of a container, the beginning of each. */
export interface Outputs {
  readonly output: Uint8Array;
  readonly errors: Uint8Array;
  readonly isCut: boolean;
}

const headerBytes = 8;

/**
 * Parts the stream in which an engine sends both outputs of a container without a terminal: frames of a type (1 output, 2 errors), three
 * zero bytes, a length in 32 bits, big-endian, and the bytes (Engine API, "Stream format"). Keeps `mostBytes` of each and reads no further
 * when there is far more. An error of the stream is thrown unless `isOver` says that it was to end so.
 */
export async function demultiplex(
  stream: AsyncIterable<Uint8Array>,
  mostBytes: number,
  isOver: (error: unknown) => boolean = () => false,
): Promise<Outputs> {
  const kept = new Map([1, 2].map((type) => [type, new Kept(mostBytes)]));
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of stream) {
      rest = takeFrames(rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]), kept);
      if (rest.length > headerBytes) rest = takePart(rest, kept);
      if ([...kept.values()].some((one) => one.isEndless)) break;
    }
  } catch (error) {
    if (!isOver(error)) throw error;
  }
  const [output, errors] = [kept.get(1), kept.get(2)].map((one) => one?.bytes() ?? Buffer.alloc(0));
  return {
    output: output ?? Buffer.alloc(0),
    errors: errors ?? Buffer.alloc(0),
    isCut: [...kept.values()].some(({ isCut }) => isCut),
  };
}

/** Takes whole frames from the front and gives what is left. */
function takeFrames(bytes: Buffer, kept: ReadonlyMap<number, Kept>): Buffer {
  let at = 0;
  while (bytes.length - at >= headerBytes) {
    const end = at + headerBytes + bytes.readUInt32BE(at + 4);
    if (end > bytes.length) break;
    kept.get(bytes[at] ?? 0)?.add(bytes.subarray(at + headerBytes, end));
    at = end;
  }
  return bytes.subarray(at);
}

/** Takes what has come of a frame, so that one of 4 GB is never whole in memory, and leaves a header for what is to come. */
function takePart(bytes: Buffer, kept: ReadonlyMap<number, Kept>): Buffer {
  const length = bytes.readUInt32BE(4);
  kept.get(bytes[0] ?? 0)?.add(bytes.subarray(headerBytes));
  const header = Buffer.from(bytes.subarray(0, headerBytes));
  header.writeUInt32BE(length - (bytes.length - headerBytes), 4);
  return header;
}

/** The beginning of one output. */
class Kept {
  readonly #mostBytes: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #seen = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get isCut(): boolean {
    return this.#seen > this.#size;
  }

  /** More than is worth to be thrown away. */
  get isEndless(): boolean {
    return this.#seen > this.#mostBytes * 16;
  }

  add(piece: Uint8Array): void {
    this.#seen += piece.length;
    const part = piece.subarray(0, this.#mostBytes - this.#size);
    if (part.length === 0) return;
    this.#pieces.push(Buffer.from(part));
    this.#size += part.length;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }
}
