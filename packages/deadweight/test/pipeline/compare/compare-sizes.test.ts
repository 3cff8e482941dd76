import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportComponent, ReportLayer } from "../../../src/model/report.ts";
import type { Weighed } from "../../../src/model/size-comparison.ts";
import { compareSizes } from "../../../src/pipeline/compare/compare-sizes.ts";
import { parseGrowth, passedGrowth } from "../../../src/pipeline/growth.ts";
import { sampleReport } from "../../support/sample-report.ts";

const digest = (name: string): string => `sha256:${Buffer.from(name.padEnd(32, "-")).toString("hex")}`;

const layer = (files: string, instruction: string, more: Partial<ReportLayer> = {}): ReportLayer => ({
  index: 0,
  digest: digest(`blob ${files}`),
  diffId: digest(files),
  mediaType: "",
  tarBytes: 1000,
  compressedBytes: 100,
  files: 1,
  instruction,
  base: false,
  ...more,
});

const component = (name: string, tarBytes: number, more: Partial<ReportComponent> = {}): ReportComponent => ({
  kind: "dpkg",
  name,
  tarBytes,
  compressedBytes: tarBytes / 10,
  files: 1,
  layers: [0],
  ...more,
});

function weighed(layers: readonly ReportLayer[], components: readonly ReportComponent[] = []): Weighed {
  const sum = (field: "tarBytes" | "compressedBytes"): number => layers.reduce((total, one) => total + one[field], 0);
  const totals = {
    ...sampleReport.totals,
    layers: layers.length,
    tarBytes: sum("tarBytes"),
    compressedBytes: sum("compressedBytes"),
  };
  return { image: sampleReport.image, totals, layers, components, baseImage: { layers: 0, evidence: "none" } };
}

const changesOf = (before: readonly ReportLayer[], after: readonly ReportLayer[]): readonly string[] =>
  compareSizes(weighed(before), weighed(after)).layers.map(({ change, instruction }) => `${change} ${instruction}`);

test("layers are paired by their files, else by the instruction, in order", () => {
  const [a, b, c] = [layer("a", "FROM"), layer("b", "RUN b"), layer("c", "COPY c")];
  assert.deepEqual(changesOf([a, b, c], [a, b, c]), ["same FROM", "same RUN b", "same COPY c"]);
  assert.deepEqual(changesOf([a, b, c], [a, layer("b2", "RUN b"), c]), ["same FROM", "changed RUN b", "same COPY c"]);
  assert.deepEqual(changesOf([a, b, c], [a, c]), ["same FROM", "gone RUN b", "same COPY c"]);
  assert.deepEqual(changesOf([a, c], [a, b, c]), ["same FROM", "new RUN b", "same COPY c"]);
  assert.deepEqual(changesOf([a, b], [b, a]), ["gone FROM", "same RUN b", "new FROM"]);
  assert.deepEqual(changesOf([a], [{ ...a, digest: digest("zstd") }]), ["recompressed FROM"]);
  assert.deepEqual(changesOf([layer("x", "")], [layer("y", "")]), ["gone ", "new "]);
  assert.deepEqual(changesOf([], [a]), ["new FROM"]);
});

test("components: new, gone, bigger, smaller, the same; several of a name are one", () => {
  const before = [
    component("kept", 10),
    component("grown", 10, { version: "1" }),
    component("left", 500),
    component("twice", 5, { version: "1" }),
  ];
  const after = [
    component("kept", 10),
    component("grown", 40, { version: "2" }),
    component("come", 7),
    component("twice", 5, { version: "2" }),
    component("twice", 1, { version: "1" }),
  ];
  const { components } = compareSizes(weighed([], before), weighed([], after));
  assert.deepEqual(
    components.map(({ change, name, isOtherVersion, before: old, after: now }) => [
      change,
      name,
      isOtherVersion,
      old?.version,
      now?.version,
    ]),
    [
      ["gone", "left", false, undefined, undefined],
      ["bigger", "grown", true, "1", "2"],
      ["new", "come", false, undefined, undefined],
      ["bigger", "twice", true, "1", "1, 2"],
      ["same", "kept", false, undefined, undefined],
    ],
  );
  const twice = components.find(({ name }) => name === "twice");
  assert.deepEqual(twice?.after, { version: "1, 2", tarBytes: 6, compressedBytes: 0.6, files: 2 });
});

test("a pull fetches each blob once, an update only those that are new", () => {
  const [a, b, c] = [layer("a", "", { compressedBytes: 1000 }), layer("b", "", { compressedBytes: 500 }), layer("c", "")];
  const { transfer } = compareSizes(weighed([a, b, b]), weighed([a, c]), { bitsPerSecond: 8000 });
  assert.deepEqual(transfer, {
    bitsPerSecond: 8000,
    before: { bytes: 1500, seconds: 1.5 },
    after: { bytes: 1100, seconds: 1.1 },
    update: { bytes: 100, seconds: 0.1 },
  });
  assert.deepEqual(compareSizes(weighed([a]), weighed([a])).transfer.update, { bytes: 0 });
});

test("the base image is the same when its layers are", () => {
  const [base, own] = [layer("a", "FROM", { base: true }), layer("b", "RUN")];
  const isSame = (before: ReportLayer[], after: ReportLayer[]): boolean =>
    compareSizes(weighed(before), weighed(after)).isSameBase;
  assert.equal(isSame([base, own], [base]), true);
  assert.equal(isSame([base], [{ ...base, diffId: digest("z") }]), false);
  assert.equal(isSame([own], [own]), false);
});

test("growth is held against bytes or a share", () => {
  const compared = compareSizes(
    weighed([layer("a", "", { tarBytes: 1e8, compressedBytes: 100 })]),
    weighed([layer("a", "", { tarBytes: 1.5e8, compressedBytes: 90 })]),
  );
  const passed = (...texts: readonly string[]): readonly string[] =>
    passedGrowth(
      compared,
      texts.map((text) => parseGrowth(text)),
    );
  assert.deepEqual(passed("growth=50MB", "growth=50%", "compressed-growth=0"), []);
  assert.deepEqual(passed("growth=49MB"), ["growth: 50.0 MB more (100 MB to 150 MB), at most 49.0 MB may be"]);
  assert.deepEqual(passed("growth=10%"), ["growth: 50.0 MB more (100 MB to 150 MB), at most 10% may be"]);
  for (const wrong of ["growth", "growth=", "growth=x", "size=1MB", "growth=1MB=2"])
    assert.throws(() => parseGrowth(wrong), /not of the form/);
});
