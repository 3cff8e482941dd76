/** Sound as it is in a WAV file. */
interface Sound {
  readonly channels: number;
  readonly rate: number;
  readonly seconds: number;
  /** The root of the mean square, a part of full scale. */
  readonly level: number;
}

/** A level that is less than this beside the other, as a part of full scale, is heard by nobody. */
const leastLevel = 0.0005;

/** The differences of two sounds: the form exactly, length and level within the tolerance. */
export function compareWav(before: Uint8Array, after: Uint8Array, tolerance: number): readonly string[] {
  const [old, now] = [parseWav(before), parseWav(after)];
  if (old === undefined || now === undefined) {
    return [
      `WAV: was ${old === undefined ? "none that can be read" : "one"}, is ${now === undefined ? "none that can be read" : "one"}`,
    ];
  }
  const exact = (["channels", "rate"] as const).filter((name) => old[name] !== now[name]);
  const near = (["seconds", "level"] as const).filter(
    (name) => Math.abs(now[name] - old[name]) > Math.max(old[name] * tolerance, name === "level" ? leastLevel : 0),
  );
  return [...exact, ...near].map((name) => `${name}: was ${old[name].toFixed(4)}, is ${now[name].toFixed(4)}`);
}

/**
 * RIFF WAVE (Multimedia Programming Interface, 1991): "RIFF" size "WAVE", then chunks of a name, a size and an even number of bytes. In
 * `fmt `: format (1 whole numbers, 3 floating point), channels, rate, bytes a second, bytes a frame, bits. All little-endian.
 */
function parseWav(bytes: Uint8Array): Sound | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.toString("latin1", 0, 4) !== "RIFF" || view.toString("latin1", 8, 12) !== "WAVE") return undefined;
  let form: Buffer | undefined;
  for (let at = 12; at + 8 <= view.length;) {
    const name = view.toString("latin1", at, at + 4);
    const size = view.readUInt32LE(at + 4);
    // Streamed sound has a size of which all is not there.
    const content = view.subarray(at + 8, Math.min(at + 8 + size, view.length));
    if (name === "fmt " && content.length >= 16) form = content;
    if (name === "data" && form !== undefined) return soundOf(form, content);
    at += 8 + size + (size % 2);
  }
  return undefined;
}

function soundOf(form: Buffer, content: Buffer): Sound | undefined {
  const [format, channels, rate, bits] = [
    form.readUInt16LE(0),
    form.readUInt16LE(2),
    form.readUInt32LE(4),
    form.readUInt16LE(14),
  ];
  const read = readerOf(format, bits);
  const step = bits / 8;
  if (channels === 0 || rate === 0 || read === undefined) return undefined;
  const samples = Math.floor(content.length / step);
  let squares = 0;
  for (let sample = 0; sample < samples; sample++) squares += read(content, sample * step) ** 2;
  return { channels, rate, seconds: samples / channels / rate, level: samples === 0 ? 0 : Math.sqrt(squares / samples) };
}

/** Gives samples from -1 to 1. 0xfffe is the form with more in it, mostly whole numbers. */
function readerOf(format: number, bits: number): ((content: Buffer, at: number) => number) | undefined {
  if (format === 3) return bits === 32 ? (content, at) => content.readFloatLE(at) : undefined;
  if (format !== 1 && format !== 0xfffe) return undefined;
  if (bits === 8) return (content, at) => (content.readUInt8(at) - 128) / 128;
  return bits === 16 || bits === 24 || bits === 32
    ? (content, at) => content.readIntLE(at, bits / 8) / 2 ** (bits - 1)
    : undefined;
}
