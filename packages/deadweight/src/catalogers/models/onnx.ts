// Layout (onnx/onnx onnx/onnx.proto, protocol buffers: a varint `field * 8 + wire type` before each field): ModelProto 1
// ir_version, 2 producer_name, 7 graph; GraphProto 1 node, 5 initializer; NodeProto 5 attribute; AttributeProto 5 tensor,
// 6 graph, 10 tensors, 11 graphs; TensorProto 1 dims, 2 data_type, 13 external_data, a list of 1 key and 2 value.
import { HeaderCursor } from "./header-cursor.ts";
import { TensorTally, type Weights } from "./weights.ts";

/** `TensorProto.DataType` by number. */
const dataTypes: readonly string[] = (
  "UNDEFINED F32 U8 I8 U16 I16 I32 I64 STRING BOOL F16 F64 U32 U64 C64 C128 BF16 " +
  "F8_E4M3FN F8_E4M3FNUZ F8_E5M2 F8_E5M2FNUZ U4 I4 F4_E2M1"
).split(" ");

/** Where messages lie in messages, by kind of message and number of field. */
const children: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: "graph" },
  graph: { 1: "node", 5: "tensor" },
  node: { 5: "attribute" },
  attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph" },
  tensor: { 13: "entry" },
};
/** Graphs lie in graphs (the branches of If, the body of Loop); each level is four messages. */
const mostNesting = 32;
const mostIrVersion = 100;

/** Weights in ONNX, from a file's beginning and size; undefined for what does not begin as a model does. */
export function parseOnnx(head: Uint8Array, size: number): Weights | undefined {
  const start = new HeaderCursor(head, size);
  if (start.u8() !== 0x08) return undefined;
  const version = start.varint();
  // ir_version is followed by producer_name, opset_import or the graph: fields 2 to 8, all of them with a length but model_version.
  const next = start.u8();
  if (version < 1 || version > mostIrVersion || ![0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next)) return undefined;
  const reader = new ModelReader(new HeaderCursor(head, size));
  reader.read("model", size, 0);
  const { state, tally, externalFiles } = reader;
  return {
    format: "ONNX",
    dtypes: tally.dtypes,
    ...(state === "fine" && Number.isSafeInteger(tally.parameters) && { parameters: tally.parameters }),
    ...(externalFiles.size > 0 && { externalFiles: [...externalFiles] }),
    ...(state === "lies" && { problem: "the ONNX header can't be true: a field that leads past its end" }),
  };
}

class ModelReader {
  readonly #cursor: HeaderCursor;
  readonly tally = new TensorTally();
  readonly externalFiles = new Set<string>();

  constructor(cursor: HeaderCursor) {
    this.#cursor = cursor;
  }

  get state(): HeaderCursor["state"] {
    return this.#cursor.state;
  }

  /** Reads a message that ends at byte `end`. */
  read(kind: string, end: number, depth: number): void {
    const cursor = this.#cursor;
    const tensor = { elements: 1, type: 0 };
    while (cursor.state === "fine" && cursor.position < end) {
      const tag = cursor.varint();
      const [field, wire] = [Math.floor(tag / 8), tag % 8];
      if (kind === "tensor" && field === 1 && wire === 0) tensor.elements *= cursor.varint();
      else if (kind === "tensor" && field === 2 && wire === 0) tensor.type = cursor.varint();
      else if (wire === 2) {
        const length = cursor.varint();
        const stop = cursor.position + length;
        if (stop > end) cursor.fail();
        // A tensor's content comes after its dims: they count even where the content runs past what was kept.
        else this.#field(kind, field, stop, depth, tensor);
        if (cursor.state === "fine" && cursor.position !== stop) cursor.fail();
      } else this.#skip(wire);
    }
    if (kind === "tensor" && tensor.type > 0) this.tally.add(dataTypes[tensor.type] ?? `type ${tensor.type}`, tensor.elements);
  }

  #field(kind: string, field: number, stop: number, depth: number, tensor: { elements: number }): void {
    const cursor = this.#cursor;
    const child = children[kind]?.[field];
    if (kind === "tensor" && field === 1)
      while (cursor.state === "fine" && cursor.position < stop) tensor.elements *= cursor.varint();
    else if (child === "entry") this.#externalEntry(stop);
    else if (child !== undefined && depth < mostNesting) this.read(child, stop, depth + 1);
    else cursor.skip(stop - cursor.position);
  }

  /** `location` names a file beside the model. */
  #externalEntry(stop: number): void {
    const cursor = this.#cursor;
    const texts = new Map<number, string>();
    while (cursor.state === "fine" && cursor.position < stop) {
      const tag = cursor.varint();
      if (tag % 8 !== 2) cursor.fail();
      texts.set(Math.floor(tag / 8), cursor.text(cursor.varint()));
    }
    if (texts.get(1) === "location") this.externalFiles.add(texts.get(2) ?? "");
  }

  #skip(wire: number): void {
    if (wire === 0) this.#cursor.varint();
    else if (wire === 1) this.#cursor.skip(8);
    else if (wire === 5) this.#cursor.skip(4);
    else this.#cursor.fail();
  }
}
