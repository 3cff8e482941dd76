// Layout (ggml-org/ggml docs/gguf.md): `GGUF`, version (u32: 2 or 3; version 1 has 32-bit lengths), tensor count and key count
// (u64); keys: name (u64 length, bytes), value type (u32), value, an array being type (u32), length (u64) and values; tensors:
// name, number of dimensions (u32), dimensions (u64 each), type (u32), offset (u64). Little-endian, or all of it big-endian.
import { HeaderCursor } from "./header-cursor.ts";
import { TensorTally, type Weights } from "./weights.ts";

/** Bytes of a value by its type; 0 for a string (8) and an array (9). */
const valueBytes: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const mostNesting = 4;
const mostDimensions = 8;

/** `ggml_type` by number, ggml.h; `-` is a removed one. */
const tensorTypes: readonly string[] = (
  "F32 F16 Q4_0 Q4_1 - - Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ2_S " +
  "IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 - - - TQ1_0 TQ2_0 - - - MXFP4"
).split(" ");

/** `general.file_type` by number: docs/gguf.md, and `llama_ftype` of llama.h from 19 on; `-` is a removed one. */
const fileTypes: readonly string[] = (
  "F32 F16 Q4_0 Q4_1 Q4_1 - - Q8_0 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K " +
  "IQ2_XXS IQ2_XS Q2_K_S IQ3_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ3_M IQ2_S IQ2_M IQ4_XS IQ1_M BF16"
).split(" ");

/** Weights in GGUF, from a file's beginning and size; undefined for another format. */
export function parseGguf(head: Uint8Array, size: number): Weights | undefined {
  if (Buffer.from(head.subarray(0, 4)).toString("latin1") !== "GGUF") return undefined;
  const isLittle = isLittleEndian(head, size);
  const cursor = new HeaderCursor(head, size, isLittle);
  cursor.skip(4);
  const version = cursor.u32();
  const word = (): number => (version === 1 ? cursor.u32() : cursor.u64());
  const [tensors, keys] = [word(), word()];
  const general = readKeys(cursor, word, keys);
  const tally = readTensors(cursor, word, tensors);
  const fileType = fileTypes[general.fileType ?? -1] ?? "-";
  return {
    format: "GGUF",
    ...(general.architecture !== undefined && { architecture: general.architecture }),
    dtypes: fileType === "-" ? tally.dtypes : [fileType],
    ...(cursor.state === "fine" && Number.isSafeInteger(tally.parameters) && { parameters: tally.parameters }),
    ...(cursor.state === "lies" && {
      problem: `the GGUF header can't be true: a length at byte ${cursor.position} is too large`,
    }),
  };
}

/** The version is a small number in the order of bytes that the file has. */
function isLittleEndian(head: Uint8Array, size: number): boolean {
  const cursor = new HeaderCursor(head, size);
  cursor.skip(4);
  return cursor.u32() < 0x10000;
}

interface General {
  architecture?: string;
  fileType?: number;
}

function readKeys(cursor: HeaderCursor, word: () => number, count: number): General {
  const general: General = {};
  for (let index = 0; index < count && cursor.state === "fine"; index++) {
    const key = cursor.text(word());
    const type = cursor.u32();
    if (key === "general.architecture" && type === 8) general.architecture = cursor.text(word()).slice(0, 64);
    else if (key === "general.file_type" && type === 4) general.fileType = cursor.u32();
    else skipValue(cursor, word, type, 0);
  }
  return general;
}

function skipValue(cursor: HeaderCursor, word: () => number, type: number, depth: number): void {
  const bytes = valueBytes[type];
  if (bytes === undefined || depth > mostNesting) cursor.fail();
  else if (type === 8) cursor.skip(word());
  else if (type === 9) skipArray(cursor, word, depth);
  else cursor.skip(bytes);
}

function skipArray(cursor: HeaderCursor, word: () => number, depth: number): void {
  const type = cursor.u32();
  const length = word();
  const bytes = valueBytes[type] ?? 0;
  if (bytes > 0) cursor.skip(length * bytes);
  else for (let index = 0; index < length && cursor.state === "fine"; index++) skipValue(cursor, word, type, depth + 1);
}

function readTensors(cursor: HeaderCursor, word: () => number, count: number): TensorTally {
  const tally = new TensorTally();
  for (let index = 0; index < count && cursor.state === "fine"; index++) {
    cursor.skip(word());
    const dimensions = cursor.u32();
    if (dimensions > mostDimensions) cursor.fail();
    let elements = 1;
    for (let axis = 0; axis < dimensions && cursor.state === "fine"; axis++) elements *= word();
    const type = cursor.u32();
    cursor.skip(8);
    if (!Number.isSafeInteger(elements)) cursor.fail();
    if (cursor.state === "fine") tally.add(tensorTypes[type] ?? `type ${type}`, elements);
  }
  return tally;
}
