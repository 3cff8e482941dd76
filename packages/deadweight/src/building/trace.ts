/** What BuildKit tells of one step. Times are milliseconds since 1970. */
export interface TracedStep {
  readonly digest: string;
  readonly name: string;
  readonly isCached: boolean;
  readonly startedMs?: number;
  readonly endedMs?: number;
  readonly error?: string;
}

/** A piece of what a step has printed. */
export interface TracedOutput {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** One message of a build's progress. */
export interface Trace {
  readonly steps: readonly TracedStep[];
  readonly outputs: readonly TracedOutput[];
}

/** A field of a message: its number, and its bytes or its number as a value. */
interface Field {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly value: number;
}

/**
 * Reads a message of the type StatusResponse of BuildKit's control.proto: vertexes 1 (digest 1, name 3, cached 4, started 5, completed 6,
 * error 7) and logs 3 (vertex 1, msg 4); a Timestamp has seconds 1 and nanoseconds 2. Unknown fields are passed over; undefined for what is
 * no such message.
 */
export function parseTrace(message: Uint8Array): Trace | undefined {
  const fields = fieldsOf(message);
  if (fields === undefined) return undefined;
  return {
    steps: fields.filter(({ number }) => number === 1).flatMap(({ bytes }) => stepIn(bytes) ?? []),
    outputs: fields.filter(({ number }) => number === 3).flatMap(({ bytes }) => outputIn(bytes) ?? []),
  };
}

function stepIn(message: Uint8Array): TracedStep | undefined {
  const fields = fieldsOf(message);
  if (fields === undefined) return undefined;
  const last = (number: number): Field | undefined => fields.findLast((field) => field.number === number);
  const [started, ended, error] = [timeIn(last(5)), timeIn(last(6)), textIn(last(7))];
  return {
    digest: textIn(last(1)),
    name: textIn(last(3)),
    isCached: last(4)?.value === 1,
    ...(started === undefined ? {} : { startedMs: started }),
    ...(ended === undefined ? {} : { endedMs: ended }),
    ...(error === "" ? {} : { error }),
  };
}

function outputIn(message: Uint8Array): TracedOutput | undefined {
  const fields = fieldsOf(message);
  const bytes = fields?.findLast(({ number }) => number === 4)?.bytes;
  return bytes === undefined ? undefined : { digest: textIn(fields?.findLast(({ number }) => number === 1)), bytes };
}

function timeIn(field: Field | undefined): number | undefined {
  const fields = field === undefined ? undefined : fieldsOf(field.bytes);
  if (fields === undefined) return undefined;
  const value = (number: number): number => fields.findLast((one) => one.number === number)?.value ?? 0;
  return value(1) * 1000 + value(2) / 1e6;
}

function textIn(field: Field | undefined): string {
  return field === undefined ? "" : new TextDecoder().decode(field.bytes);
}

const none = new Uint8Array(0);

/** The wire format of protocol buffers: a tag (number × 8 + kind), then a varint (0), 8 bytes (1), a length and bytes (2), or 4 bytes (5). */
function fieldsOf(message: Uint8Array): readonly Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.length) {
    const tag = varintAt(message, at);
    if (tag === undefined) return undefined;
    const [number, kind] = [Math.floor(tag.value / 8), tag.value % 8];
    const fixed = kind === 1 ? 8 : kind === 5 ? 4 : 0;
    const read = kind === 0 || kind === 2 ? varintAt(message, tag.end) : { value: fixed, end: tag.end };
    if (read === undefined || (kind !== 0 && kind !== 2 && fixed === 0)) return undefined;
    const end = kind === 0 ? read.end : read.end + read.value;
    // Written so that a length that is no number fails too.
    if (!(end <= message.length)) return undefined;
    fields.push({ number, bytes: kind === 2 ? message.subarray(read.end, end) : none, value: kind === 0 ? read.value : 0 });
    at = end;
  }
  return fields;
}

/** Seven bits a byte, the lowest first; NaN for what is no safe integer, as negative numbers are. Nothing for one that is cut off. */
function varintAt(message: Uint8Array, start: number): { readonly value: number; readonly end: number } | undefined {
  let [value, factor] = [0, 1];
  for (let at = start; at < Math.min(message.length, start + 10); at++) {
    const byte = message[at] ?? 0;
    value += (byte % 128) * factor;
    factor *= 128;
    if (byte < 128) return { value: Number.isSafeInteger(value) ? value : Number.NaN, end: at + 1 };
  }
  return undefined;
}
