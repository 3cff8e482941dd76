import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenImages, isUsable, neededImages, printDeviceImage, type DeviceImage } from "../../src/model/device-image.ts";

/** GPUs by capability that NVIDIA's nvlink 13.0 takes an image for: e is a cubin, p is PTX. Of 90 on what has a variant `a` is asked for as that. */
const usable = `
e75: 75
e80: 80 86 89
e86: 86 89
e87: 87
e88: 88
e89: 89
e90: 90
e90a: 90
e100: 100 103
e100a: 100
e100f: 100 103
e103: 103
e103a: 103
e103f: 103
e110: 110
e110a: 110
e110f: 110
e120: 120 121
e120a: 120
e120f: 120 121
e121: 121
e121a: 121
e121f: 121
p75: 75 80 86 87 88 89 90 100 103 110 120 121
p80: 80 86 87 88 89 90 100 103 110 120 121
p86: 86 87 88 89 90 100 103 110 120 121
p87: 87 88 89 90 100 103 110 120 121
p88: 88 89 90 100 103 110 120 121
p89: 89 90 100 103 110 120 121
p90: 90 100 103 110 120 121
p90a: 90
p100: 100 103 110 120 121
p100a: 100
p100f: 100 103
p103: 103 110 120 121
p103a: 103
p103f: 103
p110: 110 120 121
p110a: 110
p110f: 110
p120: 120 121
p120a: 120
p120f: 120 121
p121: 121
p121a: 121
p121f: 121
`;

/** What nvlink prefers, the best first, by what it links for. */
const preferred = `
86: e86 p86 e80 p80 p75
89: e89 p89 p88 p87 e86 p86 e80 p80 p75
87: e87 p87 p86 p80 p75
90: e90a e90 p90 p89 p88 p87 p86 p80 p75
90a: e90a e90 p90a p90 p89 p88 p87 p86 p80 p75
100: e100a e100f e100 p100f p100 p90 p89 p88 p87 p86 p80 p75
103: e103a e103f e103 p103f p103 e100f e100 p100f p100 p90 p89 p88 p87 p86 p80 p75
103a: e103a e103f e103 p103a p103f p103 e100f e100 p100f p100 p90 p89 p88 p87 p86 p80 p75
121: e121a e121f e121 p121f p121 e120f e120 p120f p120 p110 p103 p100 p90 p89 p88 p87 p86 p80 p75
`;

const targets = [75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121];

function imageOf(text: string): DeviceImage {
  const [, kind, arch, suffix = ""] = /^([ep])(\d+)([af]?)$/.exec(text) ?? [];
  if (kind === undefined || (suffix !== "" && suffix !== "a" && suffix !== "f")) throw new Error(text);
  return { kind: kind === "e" ? "cubin" : "ptx", arch: Number(arch), suffix };
}

function rowsOf(table: string): readonly (readonly [string, readonly string[]])[] {
  return table
    .trim()
    .split("\n")
    .map((line) => [line.split(": ")[0] ?? "", (line.split(": ")[1] ?? "").split(" ")]);
}

for (const [name, gpus] of rowsOf(usable)) {
  test(`${name} runs on ${gpus.join(", ")} and nothing else`, () => {
    assert.deepEqual(targets.filter((target) => isUsable(imageOf(name), target)).map(String), gpus);
  });
}

for (const [target, order] of rowsOf(preferred)) {
  if (!/^\d+$/.test(target) || rowsOf(preferred).some(([other]) => other === `${target}a`)) continue;
  test(`of what sm_${target} can use it is given what nvlink takes, and its best cubin`, () => {
    // A device has its own features: what its architecture's variant `a` can use, it can.
    const images = order.map(imageOf);
    for (const first of images.keys()) {
      const left = images.slice(first).toReversed();
      const chosen = chosenImages(left, Number(target)).map((place) => left[place]);
      assert.ok(chosen.includes(images[first]), printDeviceImage(images[first] ?? imageOf("e0")));
      const bestCubin = images.slice(first).find(({ kind }) => kind === "cubin");
      assert.deepEqual(new Set(chosen), new Set([images[first], bestCubin].filter((one) => one !== undefined)));
    }
  });
}

function needed(images: string, gpus: readonly number[], keepPtx: "none" | "forward" | "all" = "none"): string {
  const all = images
    .split(" ")
    .map((text) => (text === "lto" ? ({ kind: "other", arch: 90, suffix: "" } as const) : imageOf(text)));
  return neededImages(all, gpus, keepPtx)
    .map((place) => images.split(" ")[place])
    .join(" ");
}

test("a container keeps what its GPUs take", () => {
  assert.equal(needed("p75 p80 e86 e89 p90 e120a e121a", [75]), "p75");
  assert.equal(needed("p75 p80 e86 e89 p90 e120a e121a", [86]), "e86");
  assert.equal(needed("p75 p80 e86 e89 p90 e120a e121a", [75, 86, 89]), "p75 e86 e89");
  assert.equal(needed("p50 p61 p70 p75 p80 e86", [61]), "p61");
  assert.equal(needed("e50 e60 e70 e75 e80 e86 e90", [61, 75]), "e60 e75");
});

test("where NVIDIA's texts and its linker differ both are kept", () => {
  assert.equal(needed("e80 p86", [86]), "e80 p86");
});

test("of what is no cubin or PTX nothing goes", () => {
  assert.equal(needed("e80 e86 lto", [86]), "e86 lto");
  assert.equal(needed("e80 lto", [90]), "lto");
});

test("of a container with nothing for its GPUs nothing is needed", () => {
  assert.equal(needed("e90a e90 e120a", [75]), "");
  assert.equal(needed("e80", [75]), "");
});

test("PTX stays when asked: the newest plain one, or all", () => {
  assert.equal(needed("p75 e86 p90 p90a", [86], "forward"), "e86 p90");
  assert.equal(needed("p75 e86 p90 p90a", [86], "all"), "p75 e86 p90 p90a");
  assert.equal(needed("e80 e86", [86], "forward"), "e86");
});
