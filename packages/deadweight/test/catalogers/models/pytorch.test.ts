import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { parsePytorch } from "../../../src/catalogers/models/pytorch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A zip's local headers and contents, stored, with sizes after the content as PyTorch's writer may leave them. */
function zipOf(members: Record<string, Uint8Array>, method = 0): Buffer {
  const parts = Object.entries(members).map(([name, content]) => {
    const header = Buffer.alloc(30);
    header.write("PK\u0003\u0004", "latin1");
    header.writeUInt16LE(0x808, 6);
    header.writeUInt16LE(method, 8);
    header.writeUInt16LE(name.length, 26);
    header.writeUInt16LE(6, 28);
    return Buffer.concat([header, Buffer.from(name), Buffer.from("FB\u0002\0ZZ", "latin1"), content]);
  });
  return Buffer.concat(parts);
}

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x58, text.length, 0, 0, 0]), Buffer.from(text)]);
}

/** ("storage", torch.TYPE, key, "cpu", elements) as a persistent id, with marks and without a memo: pickle protocol 2. */
function storage(type: string, key: string, elements: number): Buffer {
  const size = Buffer.alloc(5);
  size.write("J");
  size.writeInt32LE(elements, 1);
  return Buffer.concat([
    Buffer.from("("),
    shortText("storage"),
    Buffer.from(`ctorch\n${type}\n`),
    shortText(key),
    shortText("cpu"),
    size,
    Buffer.from("tQ"),
  ]);
}

function pickleOf(...storages: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), Buffer.from("]("), ...storages, Buffer.from("e.")]);
}

suite("a zip of torch.save", () => {
  test("storages count once, by their class", () => {
    const pickle = pickleOf(storage("HalfStorage", "0", 1000), storage("LongStorage", "1", 5), storage("HalfStorage", "0", 1000));
    const file = zipOf({ "model/data.pkl": pickle, "model/data/0": Buffer.alloc(2000), "model/version": Buffer.from("3\n") });
    assert.deepEqual(parsePytorch(file, file.length), { format: "PyTorch", dtypes: ["F16", "I64"], parameters: 1005 });
  });

  test("untyped storages count bytes: parameters are unknown", () => {
    const file = zipOf({ "model/data.pkl": pickleOf(storage("UntypedStorage", "0", 1000)) });
    assert.deepEqual(parsePytorch(file, file.length), { format: "PyTorch", dtypes: ["Untyped"] });
  });

  test("a pickle longer than what was kept is known as far as it goes", () => {
    const file = zipOf({ "m/data.pkl": pickleOf(storage("FloatStorage", "0", 10), storage("FloatStorage", "1", 10)) });
    assert.deepEqual(parsePytorch(file.subarray(0, file.length - 20), file.length), { format: "PyTorch", dtypes: ["F32"] });
  });

  test("TorchScript has its tensors first", () => {
    const members = { "m/data/0": Buffer.alloc(40), "m/data.pkl": pickleOf(storage("FloatStorage", "0", 10)) };
    const file = zipOf(members);
    assert.deepEqual(parsePytorch(file, file.length), { format: "TorchScript", dtypes: ["F32"], parameters: 10 });
    assert.deepEqual(parsePytorch(file.subarray(0, 60), file.length), { format: "TorchScript", dtypes: [] });
  });

  test("packed again by another tool it is compressed, and not read", () => {
    const file = zipOf({ "model/data.pkl": Buffer.alloc(10) }, 8);
    assert.deepEqual(parsePytorch(file, file.length), { format: "PyTorch", dtypes: [] });
  });

  test("options of a training have no tensors, and are no weights", () => {
    const file = zipOf({ "archive/data.pkl": pickleOf() });
    assert.equal(parsePytorch(file, file.length), undefined);
  });

  test("other zips and formats are none", () => {
    for (const file of [
      zipOf({ "a.txt": Buffer.from("x") }),
      Buffer.from("PK"),
      Buffer.from("\u0080\u0002}."),
      Buffer.alloc(0),
    ]) {
      assert.equal(parsePytorch(file, file.length), undefined);
    }
  });

  const lies: readonly (readonly [name: string, pickle: Buffer])[] = [
    ["an opcode that is none", Buffer.from("\x80\x02\xff", "latin1")],
    ["a text past the end", Buffer.from("\x80\x02X\xff\xff\xff\xff", "latin1")],
    [
      "tuples that double as text",
      Buffer.concat([
        Buffer.from("\x80\x02)", "latin1"),
        Buffer.from("2\x86".repeat(100), "latin1"),
        Buffer.from("2\x93\xff", "latin1"),
      ]),
    ],
    ["bytes beyond all numbers", Buffer.concat([Buffer.from([0x80, 4, 0x8e]), Buffer.alloc(8, 0xff)])],
  ];
  for (const [name, pickle] of lies) {
    test(`${name} is a lie`, () => {
      const file = zipOf({ "model/data.pkl": pickle });
      assert.match(parsePytorch(file, file.length)?.problem ?? "", /^the PyTorch pickle can't be read: /);
    });
  }

  test("what would run when loaded does not", () => {
    const folder = temporaryFolder();
    const evil = Buffer.from(`cposix\nsystem\n(S'touch ${folder}/proof'\ntR.`);
    const file = zipOf({ "model/data.pkl": Buffer.concat([storage("FloatStorage", "0", 3), Buffer.from("0"), evil]) });
    assert.equal(parsePytorch(file, file.length)?.parameters, 3);
    assert.throws(() => readFileSync(join(folder, "proof")), { code: "ENOENT" });
  });
});

/** Writes with Python's own pickle what torch.save writes: fake modules stand for torch's, for their names alone. */
const script = `
import collections, pickle, sys, types, zipfile
torch = types.ModuleType("torch"); sys.modules["torch"] = torch
utils = types.ModuleType("torch._utils"); sys.modules["torch._utils"] = utils
def storage_class(name): return type(name, (), {"__module__": "torch"})
for name in ("FloatStorage", "BFloat16Storage"): setattr(torch, name, storage_class(name))
def _rebuild_tensor_v2(*a): pass
_rebuild_tensor_v2.__module__ = "torch._utils"; utils._rebuild_tensor_v2 = _rebuild_tensor_v2
class Storage:
    def __init__(self, kind, key, size): self.id = ("storage", getattr(torch, kind), key, "cuda:0", size)
class Tensor:
    def __init__(self, storage, shape): self.storage, self.shape = storage, shape
    def __reduce_ex__(self, protocol):
        return (utils._rebuild_tensor_v2, (self.storage, 0, self.shape, (1,), False, collections.OrderedDict()))
legacy = sys.argv[3] == "legacy"
class Pickler(pickle._Pickler if sys.argv[4] == "slow" else pickle.Pickler):
    def persistent_id(self, o): return (o.id + (None,) if legacy else o.id) if isinstance(o, Storage) else None
shared = Storage("BFloat16Storage", "0", 70000)
model = collections.OrderedDict(a=Tensor(shared, (700, 100)), tied=Tensor(shared, (700, 100)),
    b=Tensor(Storage("FloatStorage", "1", 300), (300,)), step=12345678901, rate=0.1, name="x", flags={True, False},
    blob=b"abc" * 100, frozen=frozenset([1]), nested=[{"k": (1, 2, 3, 4)}, None, -1, bytearray(b"z")])
model._metadata = {"version": 1}
protocol = int(sys.argv[2])
if legacy:
    with open(sys.argv[1], "wb") as out:
        for part in (0x1950a86a20f9469cfc6c, 1001, {"little_endian": True}): pickle.dump(part, out, protocol)
        Pickler(out, protocol).dump(model)
        pickle.dump(["0", "1"], out, protocol)
        out.write(bytes(1000))
else:
    with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_STORED) as archive:
        import io
        data = io.BytesIO(); Pickler(data, protocol).dump(model)
        archive.writestr("model/data.pkl", data.getvalue())
        archive.writestr("model/data/0", bytes(1000))
        archive.writestr("model/version", "3\\n")
`;

suite("what Python's pickle writes", () => {
  // Protocol 0 writes persistent ids as text, which torch.load refuses.
  const cases = [1, 2, 3, 4, 5].map((protocol) => ["zip", protocol] as const);
  for (const [layout, protocol] of [...cases, ["legacy", 2] as const]) {
    test(`${layout}, protocol ${protocol}`, (t) => {
      const path = join(temporaryFolder(), "model.pt");
      for (const kind of ["fast", "slow"]) {
        const run = spawnSync("python3", ["-c", script, path, String(protocol), layout, kind], { encoding: "utf8" });
        if (run.error !== undefined) return t.skip(`python3: ${run.error.message}`);
        assert.equal(run.stderr, "");
        const file = readFileSync(path);
        assert.deepEqual(parsePytorch(file, file.length), { format: "PyTorch", dtypes: ["BF16", "F32"], parameters: 70_300 });
      }
      return undefined;
    });
  }
});
