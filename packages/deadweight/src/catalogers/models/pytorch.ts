// Layout (pytorch/pytorch torch/serialization.py, caffe2/serialize/inline_container.cc): since 1.6 a zip archive, nothing
// compressed, with NAME/data.pkl and the tensors in NAME/data/0, 1, …; torch.save writes data.pkl first, TorchScript the tensors.
// Before: five pickles (a magic number, the version, facts of the system, the object, the keys), then the tensors.
// Zip: local headers `PK\3\4`, method at 8, sizes at 18 and 22, name and extra lengths at 26 and 28, PKWARE APPNOTE 4.3.7.
import { HeaderCursor } from "./header-cursor.ts";
import { scanPickle, type Storage } from "./pickle.ts";
import { TensorTally, type Weights } from "./weights.ts";

const localHeader = Buffer.from("PK\u0003\u0004", "latin1");
const localHeaderBytes = 30;
/** `0x1950a86a20f9469cfc6c` as a pickle of its own. */
const legacyMagic = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");
const picklesBeforeData = 4;

/** Element types by storage class; what is not here keeps its name. */
const dtypes: Readonly<Record<string, string>> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
  ComplexFloatStorage: "C64",
  ComplexDoubleStorage: "C128",
};

/** Weights of torch.save or TorchScript, from a file's beginning and size; undefined for what has no tensors or is neither. */
export function parsePytorch(head: Uint8Array, size: number): Weights | undefined {
  const buffer = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (buffer.subarray(0, legacyMagic.length).equals(legacyMagic)) {
    return weightsOf("PyTorch", new HeaderCursor(head, size), picklesBeforeData);
  }
  if (!buffer.subarray(0, 4).equals(localHeader)) return undefined;
  return parseZip(buffer, size);
}

function parseZip(head: Buffer, size: number): Weights | undefined {
  const members = membersOf(head);
  const isScript = /^[^/]+\/data\/0$/.test(members.next().value?.name ?? "");
  for (const { name, start, isStored } of membersOf(head)) {
    if (!/^(?:[^/]+\/)?data\.pkl$/.test(name)) continue;
    if (!isStored) return { format: "PyTorch", dtypes: [] };
    const cursor = new HeaderCursor(head, size);
    cursor.skip(start);
    return weightsOf(isScript ? "TorchScript" : "PyTorch", cursor, 1);
  }
  return isScript ? { format: "TorchScript", dtypes: [] } : undefined;
}

interface Member {
  readonly name: string;
  /** Where its content begins. */
  readonly start: number;
  readonly isStored: boolean;
}

/** Members whose local header is in the kept beginning: sizes there may be 0, so the next one is looked for. */
function* membersOf(head: Buffer): Generator<Member> {
  for (let at = 0; at >= 0 && at + localHeaderBytes <= head.length; at = head.indexOf(localHeader, at + 4)) {
    const nameEnd = at + localHeaderBytes + head.readUInt16LE(at + 26);
    yield {
      name: head.toString("latin1", at + localHeaderBytes, nameEnd),
      start: nameEnd + head.readUInt16LE(at + 28),
      isStored: head.readUInt16LE(at + 8) === 0,
    };
  }
}

function weightsOf(format: Weights["format"], cursor: HeaderCursor, pickles: number): Weights | undefined {
  const storages = new Map<string, Storage>();
  for (let pickle = 0; pickle < pickles && cursor.state === "fine"; pickle++) scanPickle(cursor, storages);
  // Options and states of an optimiser are pickled the same way.
  if (storages.size === 0 && cursor.state === "fine") return undefined;
  const tally = new TensorTally();
  for (const { type, elements } of storages.values())
    tally.add(dtypes[type] ?? (type.replace(/Storage$/, "") || "untyped"), elements);
  // An untyped storage counts bytes, not elements.
  const isKnown = cursor.state === "fine" && !tally.dtypes.includes("Untyped") && Number.isSafeInteger(tally.parameters);
  return {
    format,
    dtypes: tally.dtypes,
    ...(isKnown && { parameters: tally.parameters }),
    ...(cursor.state === "lies" && {
      problem: `the ${format} pickle can't be read: no such opcode or length before byte ${cursor.position}`,
    }),
  };
}
