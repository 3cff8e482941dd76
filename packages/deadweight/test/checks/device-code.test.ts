import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceCode } from "../../src/checks/device-code.ts";
import { deviceElf } from "../support/device-elf.ts";
import { containerOf, containersFrom } from "../support/fatbins.ts";
import { comparisonOf, imageOf, resultOf, saidOf } from "../support/side-by-side.ts";

const code = "p75 e80 e86, e80 e86 l90, e90a";

/** The images of a container at these places, as they are in `code`. */
function left(...places: readonly (readonly number[])[]): readonly Buffer[] {
  return containersFrom(code).map((container, number) => {
    const images: Buffer[] = [];
    for (let at = 16; at < container.length;) {
      const size = container.readUInt32LE(at + 4) + Number(container.readBigUInt64LE(at + 8));
      images.push(container.subarray(at, at + size));
      at += size;
    }
    const kept = Buffer.concat((places[number] ?? []).map((place) => images[place] ?? Buffer.alloc(0)));
    const header = Buffer.from(container.subarray(0, 16));
    header.writeBigUInt64LE(BigInt(kept.length), 8);
    return Buffer.concat([header, kept]);
  });
}

const before = imageOf([{ path: "lib.so", content: deviceElf(code) }]);

function saidFor(gpus: string, containers: readonly Buffer[]): ReturnType<typeof saidOf> {
  const settings = gpus === "" ? {} : { Labels: { "dev.deadweight.gpus": gpus } };
  const after = imageOf([{ path: "lib.so", content: deviceElf(containers) }], settings);
  return saidOf(deviceCode, comparisonOf(before, after, { "lib.so": "rewrite" }));
}

test("what the named GPUs take is still there", async () => {
  assert.equal(await saidFor("sm_86", left([2], [1, 2], [0])), "same");
  assert.equal(await saidFor("sm_75,sm_86", left([0, 2], [1, 2], [0])), "same");
  const { reason } = await resultOf(deviceCode, comparisonOf(before, before));
  assert.equal(reason, "1 file with 3 containers");
});

test("code that a named GPU took and that is gone is told by its container", async () => {
  assert.deepEqual(await saidFor("sm_75,sm_86", left([2], [1, 2], [0])), ["lib.so: container 0 lacks compute_75"]);
  assert.deepEqual(await saidFor("sm_86", left([2], [0, 2], [0])), ["lib.so: container 1 lacks sm_86"]);
  assert.deepEqual(await saidFor("sm_86", left([2], [1], [0])), ["lib.so: container 1 lacks other_90"]);
});

test("where nothing is needed another image of the file may stand, for an architecture of the container", async () => {
  const two = imageOf([{ path: "lib.so", content: deviceElf("e90 e100a, e86 e100a, e120a") }]);
  const images = containersFrom("e90 e100a, e86 e100a, e120a").map((container) => container.subarray(16));
  const of = (image: Uint8Array): Buffer => {
    const header = Buffer.from(containersFrom("e86")[0]?.subarray(0, 16) ?? "");
    header.writeBigUInt64LE(BigInt(image.length), 8);
    return Buffer.concat([header, image]);
  };
  const imageAt = (number: number, place: number): Buffer => {
    const bytes = images[number] ?? Buffer.alloc(0);
    const size = bytes.readUInt32LE(4) + Number(bytes.readBigUInt64LE(8));
    return place === 0 ? bytes.subarray(0, size) : bytes.subarray(size);
  };
  const said = (...containers: Buffer[]): ReturnType<typeof saidOf> => {
    const content = deviceElf(containers.map(of));
    const after = imageOf([{ path: "lib.so", content }], { Labels: { "dev.deadweight.gpus": "sm_86" } });
    return saidOf(deviceCode, comparisonOf(two, after, { "lib.so": "rewrite" }));
  };
  const [needed, other, last] = [imageAt(1, 0), imageAt(0, 1), imageAt(2, 0)];
  assert.equal(await said(imageAt(1, 1), needed, last), "same");
  assert.deepEqual(await said(other, needed, other), ["lib.so: container 2 has code that it had not, or none"]);
  assert.deepEqual(await said(last, needed, last), ["lib.so: container 0 has code that it had not, or none"]);
});

test("without a label nothing may go", async () => {
  assert.deepEqual(await saidFor("", left([2], [0, 1, 2], [0])), ["lib.so: container 0 lacks compute_75, sm_80"]);
});

test("GPUs that the user names go before the label", async () => {
  const after = imageOf([{ path: "lib.so", content: deviceElf(left([2], [1, 2], [0])) }], {
    Labels: { "dev.deadweight.gpus": "sm_86" },
  });
  const comparison = comparisonOf(before, after, { "lib.so": "rewrite" });
  assert.equal(await saidOf(deviceCode, { ...comparison, targets: [86] }), "same");
  assert.deepEqual(await saidOf(deviceCode, { ...comparison, targets: [75, 86] }), ["lib.so: container 0 lacks compute_75"]);
});

test("containers that are lost, emptied, changed or unreadable", async () => {
  const all = left([0, 1, 2], [0, 1, 2], [0]);
  assert.deepEqual(await saidFor("sm_86", all.slice(0, 2)), ["lib.so: has 2 containers, and had 3"]);
  const changed = all.map((container) => Buffer.from(container));
  changed[0]?.writeUInt8(0, 1000);
  assert.deepEqual(await saidFor("sm_86", changed), ["lib.so: container 0 has code that it had not, or none"]);
  const other = [...all.slice(0, 2), containerOf([{ arch: 86 }])];
  assert.deepEqual(await saidFor("sm_86", other), ["lib.so: container 2 has code that it had not, or none"]);
  const gone = imageOf([{ path: "lib.so", content: "no library" }]);
  assert.deepEqual(await saidOf(deviceCode, comparisonOf(before, gone)), ["lib.so: its device code can't be read any more"]);
});

test("it is not run without device code, nor for a label that names no GPU", async () => {
  assert.equal(await saidOf(deviceCode, comparisonOf(imageOf([]), imageOf([]))), "not-run: no device code in the image");
  assert.equal(await saidFor("banana", left([2], [1, 2], [0])), 'not-run: the label dev.deadweight.gpus names no GPUs: "banana"');
});

test("a path that may differ in any way is not looked at", async () => {
  const after = imageOf([{ path: "lib.so", content: deviceElf(left([0], [0, 1, 2], [0])) }]);
  assert.equal(await saidOf(deviceCode, comparisonOf(before, after, {}, ["lib.so"])), "same");
});
