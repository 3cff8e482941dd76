import type { Claim, Finding, Outcome, Report, ReportComponent, ReportLayer } from "../../src/model/report.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const layer = (index: number, tarBytes: number, compressedBytes: number, instruction: string, base: boolean): ReportLayer => ({
  index,
  digest: digest("abc"[index] ?? "d"),
  diffId: digest("123"[index] ?? "4"),
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  tarBytes,
  compressedBytes,
  files: [3500, 900, 12][index] ?? 0,
  instruction,
  base,
});

const claim = (layerIndex: number, path: string, bytes: number, compressedBytes: number, more: Partial<Claim> = {}): Claim => ({
  location: { layer: layerIndex, path },
  bytes,
  compressedBytes,
  basis: "measured",
  base: layerIndex === 0,
  ...more,
});

const pipCache: Finding = {
  message: "pip's cache: 14 wheels and answers of the index, torch-2.4.0 the largest",
  safety: "lossless",
  remedy: "install with --no-cache-dir, or mount the cache: RUN --mount=type=cache,target=/root/.cache/pip",
  bytes: 820_000_000,
  compressedBytes: 790_000_000,
  claims: [
    claim(
      1,
      "root/.cache/pip/http-v2/a/b/c/d/e/abcde0123456789abcdef0123456789abcdef0123456789abcdef01.body",
      800_000_000,
      780_000_000,
    ),
    claim(1, "root/.cache/pip/selfcheck", 20_000_000, 10_000_000, { entries: 13 }),
  ],
};

const buildTools: Finding = {
  message: "gcc-12 and 9 packages that only it needs",
  safety: "verified",
  remedy: "install, build and remove in one RUN, or build in another stage",
  bytes: 150_000_000,
  compressedBytes: 50_000_000,
  claims: [claim(1, "usr/lib/gcc", 150_000_000, 50_000_000, { basis: "derived", entries: 420 })],
};

const manuals: Finding = {
  message: "manuals and documentation",
  safety: "opt-in",
  bytes: 30_000_000,
  compressedBytes: 9_000_000,
  claims: [claim(0, "usr/share/man", 30_000_000, 9_000_000)],
};

const outcomes: readonly Outcome[] = [
  { rule: "apt-lists", status: "passed", findings: [] },
  { rule: "build-tools", status: "found", findings: [buildTools] },
  { rule: "docs-and-manuals", status: "found", findings: [manuals] },
  { rule: "duplicate-cuda", status: "not-applicable", reason: "no CUDA in the image", findings: [] },
  { rule: "pip-cache", status: "found", findings: [pipCache] },
];

const components: readonly ReportComponent[] = [
  {
    kind: "python",
    name: "torch",
    version: "2.4.0",
    tarBytes: 1_700_000_000,
    compressedBytes: 800_000_000,
    files: 900,
    layers: [1],
  },
  { kind: "cache", name: "pip cache", tarBytes: 820_000_000, compressedBytes: 790_000_000, files: 14, layers: [1] },
  { kind: "dpkg", name: "libc6", version: "2.36-9", tarBytes: 80_000_000, compressedBytes: 30_000_000, files: 3500, layers: [0] },
  {
    kind: "model",
    name: "weights.safetensors",
    origin: "safetensors, F16, 1.2 billion parameters",
    tarBytes: 400_000_000,
    compressedBytes: 380_000_000,
    files: 1,
    layers: [2],
  },
];

/** A small report by hand, with a finding of each safety and no problem: three layers, 3.00 GB, 2.00 GB compressed. */
export const sampleReport: Report = {
  schemaVersion: 1,
  tool: { name: "deadweight", version: "0.1.0" },
  image: { reference: "docker:example/speech:1.0", digest: digest("e"), platform: { os: "linux", architecture: "amd64" } },
  totals: {
    layers: 3,
    files: 4412,
    contentBytes: 2_990_000_000,
    tarBytes: 3_000_000_000,
    compressedBytes: 2_000_000_000,
    reclaimableBytes: 1_000_000_000,
    reclaimableCompressedBytes: 849_000_000,
  },
  reclaimable: [
    { safety: "lossless", bytes: 820_000_000, compressedBytes: 790_000_000 },
    { safety: "verified", bytes: 150_000_000, compressedBytes: 50_000_000 },
    { safety: "opt-in", bytes: 30_000_000, compressedBytes: 9_000_000 },
  ],
  baseImage: { layers: 1, evidence: "the first layer has no instruction of this Dockerfile" },
  layers: [
    layer(0, 100_000_000, 40_000_000, "ADD file:abc in /", true),
    layer(1, 2_500_000_000, 1_580_000_000, "RUN apt-get install -y gcc && pip install torch", false),
    layer(2, 400_000_000, 380_000_000, "COPY weights.safetensors /models/", false),
  ],
  components,
  outcomes,
  problems: [],
};

/** The same with what makes a report incomplete: a database that can't be read and a rule that crashed. */
export const doubtfulReport: Report = {
  ...sampleReport,
  outcomes: [...outcomes, { rule: "python-bytecode", status: "crashed", reason: "Error: no such entry", findings: [] }],
  problems: [
    { location: { layer: 0, path: "var/lib/dpkg/status", offset: 1536 }, message: "could not read the status of dpkg: cut off" },
  ],
};

/** A report in which each text that an image controls is `text`. */
export function hostileReport(text: string): Report {
  const finding: Finding = { ...pipCache, message: text, remedy: text, claims: [claim(1, text, 5, 4)] };
  return {
    ...doubtfulReport,
    image: { reference: text, digest: digest("e"), platform: { os: text, architecture: text, variant: text } },
    baseImage: { layers: 1, evidence: text },
    layers: sampleReport.layers.map((one) => ({ ...one, instruction: text, mediaType: text })),
    components: components.map((one) => ({ ...one, name: text, version: text, origin: text })),
    outcomes: [
      { rule: "pip-cache", status: "found", findings: [finding] },
      { rule: "logs", status: "crashed", reason: text, findings: [] },
      { rule: "locales", status: "not-applicable", reason: text, findings: [] },
    ],
    problems: [{ location: { layer: 0, path: text }, message: text }],
  };
}
