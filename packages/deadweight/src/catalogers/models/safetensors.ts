// Layout (huggingface/safetensors README and safetensors/src/tensor.rs): an unsigned 64-bit little-endian length N of at most
// 100,000,000; N bytes of JSON that begin with `{`, `{"name": {"dtype": "F16", "shape": [2, 3], "data_offsets": [begin, end]},
// "__metadata__": {…}}`, padded with spaces; then the data, which the offsets count from and which ends with the file.
import { asSize } from "../../lib/integer.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { HeaderCursor } from "./header-cursor.ts";
import { TensorTally, type Weights } from "./weights.ts";

const mostHeaderBytes = 100_000_000;
const lengthBytes = 8;

/** Weights in safetensors, from a file's beginning and size; undefined for another format. */
export function parseSafetensors(head: Uint8Array, size: number): Weights | undefined {
  const headerBytes = new HeaderCursor(head, size).u64();
  if (head[lengthBytes] !== 0x7b || headerBytes < 2) return undefined;
  const dataStart = lengthBytes + headerBytes;
  if (headerBytes > mostHeaderBytes || dataStart > size) {
    return bad(`its length is ${Number.isFinite(headerBytes) ? `${headerBytes} bytes` : "above 2^53"}, in a file of ${size}`);
  }
  const json = head.subarray(lengthBytes, dataStart);
  if (dataStart > head.length) return { format: "safetensors", dtypes: dtypesSeen(json) };
  try {
    return tensorsOf(asRecord(parseJson(json, "header")) ?? {}, size - dataStart);
  } catch (error) {
    if (error instanceof UserError) return bad(error.message);
    throw error;
  }
}

/** An incomplete header still names the types of its first tensors. */
function dtypesSeen(json: Uint8Array): readonly string[] {
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString("latin1");
  const seen = new TensorTally();
  for (const match of text.matchAll(/"dtype"\s*:\s*"([A-Z][A-Z0-9_]{0,15})"/g)) seen.add(match[1] ?? "", 1);
  return seen.dtypes;
}

function tensorsOf(header: Readonly<Record<string, unknown>>, dataBytes: number): Weights {
  const tally = new TensorTally();
  let end = 0;
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const tensor = tensorOf(value);
    if (tensor === undefined) return bad("a tensor without type, shape or place");
    if (tensor.elements * bitsOf(tensor.dtype, tensor) !== (tensor.end - tensor.begin) * 8) {
      return bad("a tensor whose shape and type don't make its size");
    }
    tally.add(tensor.dtype, tensor.elements);
    end = Math.max(end, tensor.end);
  }
  if (end !== dataBytes) return bad(`the tensors take ${end} bytes, after the header there are ${dataBytes}`);
  return { format: "safetensors", dtypes: tally.dtypes, parameters: tally.parameters };
}

interface Tensor {
  readonly dtype: string;
  readonly elements: number;
  readonly begin: number;
  readonly end: number;
}

function tensorOf(value: unknown): Tensor | undefined {
  const { dtype, shape, data_offsets: offsets } = asRecord(value) ?? {};
  if (typeof dtype !== "string" || !/^[A-Z][A-Z0-9_]{0,15}$/.test(dtype)) return undefined;
  if (!Array.isArray(shape) || !Array.isArray(offsets)) return undefined;
  const elements = asSize(shape.reduce((product: number, length) => product * (asSize(length) ?? NaN), 1));
  const [begin, end] = [asSize(offsets[0]), asSize(offsets[1])];
  if (elements === undefined || begin === undefined || end === undefined || end < begin) return undefined;
  return { dtype, elements, begin, end };
}

/** Bits of one element; for a type that is newer than this list, what the tensor's size makes them. */
function bitsOf(dtype: string, tensor: Tensor): number {
  if (dtype === "BOOL") return 8;
  const known = /^(?:[FIUC]|BF)(4|6|8|16|32|64)(?:_|$)/.exec(dtype)?.[1];
  return known === undefined ? ((tensor.end - tensor.begin) * 8) / tensor.elements : Number(known);
}

function bad(why: string): Weights {
  return { format: "safetensors", dtypes: [], problem: `the safetensors header can't be true: ${why}` };
}
