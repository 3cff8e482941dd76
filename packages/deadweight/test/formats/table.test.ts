import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { table } from "../../src/formats/table.ts";
import { widthOf } from "../../src/lib/text-width.ts";
import { doubtfulReport, hostileReport, sampleReport } from "../support/sample-report.ts";

const short = { verbose: false, columns: 80, colour: false };
const digest = `sha256:${"e".repeat(64)}`;

test("80 columns: the answer in about 15 lines", () => {
  assert.equal(
    table.render(sampleReport, short),
    `docker:example/speech:1.0  linux/amd64
${digest}

Total        3.00 GB  2.00 GB compressed  3 layers, 4,412 files
Dead weight  1.00 GB   849 MB compressed  33% of the image
  lossless    820 MB   790 MB compressed  no program can tell
  verified    150 MB  50.0 MB compressed  sound by analysis, then checked
  opt-in     30.0 MB  9.00 MB compressed  a program could rely on it

REASON            UNPACKED  COMPRESSED  SAFETY    WHAT
pip-cache           820 MB      790 MB  lossless  pip's cache: 14 wheels and an…
build-tools         150 MB     50.0 MB  verified  gcc-12 and 9 packages that on…
docs-and-manuals   30.0 MB     9.00 MB  opt-in    manuals and documentation

Base image: 1 of 3 layers (the first layer has no instruction of this
Dockerfile)
Next: deadweight analyze docker:example/speech:1.0 --verbose
`,
  );
});

test("40 columns: what matters least is left out, the next command is whole", () => {
  assert.equal(
    table.render(sampleReport, { ...short, columns: 40 }),
    `docker:example/speech:1.0  linux/amd64
sha256:eeeeeeee…eeeeeeeeeeeeeeeeeeeeeeee

Total        3.00 GB  2.00 GB compressed
Dead weight  1.00 GB   849 MB compressed
  lossless    820 MB   790 MB compressed
  verified    150 MB  50.0 MB compressed
  opt-in     30.0 MB  9.00 MB compressed

REASON            UNPACKED  SAFETY
pip-cache           820 MB  lossless
build-tools         150 MB  verified
docs-and-manuals   30.0 MB  opt-in

Base image: 1 of 3 layers (the first
layer has no instruction of this
Dockerfile)
Next: deadweight analyze docker:example/speech:1.0 --verbose
`,
  );
});

test("200 columns: messages are whole", () => {
  const wide = table.render(sampleReport, { ...short, columns: 200 });
  assert.match(
    wide,
    /^pip-cache {11}820 MB {6}790 MB {2}lossless {2}pip's cache: 14 wheels and answers of the index, torch-2\.4\.0 the largest$/m,
  );
});

test("what makes the answer incomplete is in the short form", () => {
  const text = table.render(doubtfulReport, short);
  assert.match(text, /^1 problem: not all could be read; --verbose lists them$/m);
  assert.match(text, /^1 rule crashed \(a bug\): python-bytecode$/m);
});

test("only so many reasons, and how many more there are", () => {
  const found = sampleReport.outcomes.find(({ rule }) => rule === "pip-cache");
  assert.ok(found);
  const outcomes = Array.from({ length: 8 }, (_, index) => ({ ...found, rule: `rule-${index}` }));
  const text = table.render({ ...sampleReport, outcomes }, short);
  assert.equal(text.match(/^rule-\d/gm)?.length, 5);
  assert.match(text, /^and 3 more findings$/m);
});

test("no dead weight is said as such", () => {
  const clean = sampleReport.outcomes.map((outcome) => ({ ...outcome, findings: [] }));
  const text = table.render({ ...sampleReport, outcomes: clean, reclaimable: [] }, short);
  assert.match(text, /^No rule found dead weight\.$/m);
  assert.doesNotMatch(text, /REASON/);
});

test("verbose: the details after the answer", () => {
  const text = table.render(doubtfulReport, { ...short, verbose: true, columns: 100 });
  const details = text.slice(text.indexOf("Next: "));
  assert.equal(
    details,
    `Next: deadweight explain pip-cache

To the byte
unpacked                 3,000,000,000
compressed               2,000,000,000
file content             2,990,000,000
dead weight, unpacked    1,000,000,000
dead weight, compressed    849,000,000

Findings
pip-cache  lossless  820 MB, 790 MB compressed
  pip's cache: 14 wheels and answers of the index, torch-2.4.0 the largest
  remedy: install with --no-cache-dir, or mount the cache: RUN
  --mount=type=cache,target=/root/.cache/pip
      800 MB   780 MB  layer 1  root/.cache/pip/http-v2/a/…ef0123456789abcdef0123456789abcdef01.body
     20.0 MB  10.0 MB  layer 1  root/.cache/pip/selfcheck
build-tools  verified  150 MB, 50.0 MB compressed
  gcc-12 and 9 packages that only it needs
  remedy: install, build and remove in one RUN, or build in another stage
     150 MB  50.0 MB  layer 1  usr/lib/gcc  derived
docs-and-manuals  opt-in  30.0 MB, 9.00 MB compressed
  manuals and documentation
     30.0 MB  9.00 MB  layer 0 (base)  usr/share/man

Components
KIND    NAME                 UNPACKED  COMPRESSED  FILES  WHAT
python  torch 2.4.0           1.70 GB      800 MB    900
cache   pip cache              820 MB      790 MB     14
model   weights.safetensors    400 MB      380 MB      1  safetensors, F16, 1.2 billion parameters
dpkg    libc6 2.36-9          80.0 MB     30.0 MB  3,500

Layers
LAYER  UNPACKED  COMPRESSED  FILES  FROM  INSTRUCTION
    0    100 MB     40.0 MB  3,500  base  ADD file:abc in /
    1   2.50 GB     1.58 GB    900  own   RUN apt-get install -y gcc && pip install torch
    2    400 MB      380 MB     12  own   COPY weights.safetensors /models/

Rules without findings
passed: apt-lists
duplicate-cuda: not applicable, no CUDA in the image
python-bytecode: crashed, Error: no such entry

Problems
layer 0, var/lib/dpkg/status at byte 1536: could not read the status of dpkg: cut off
`,
  );
});

test("colours only when allowed, and they change no text", () => {
  const plain = table.render(doubtfulReport, { ...short, verbose: true });
  const coloured = table.render(doubtfulReport, { ...short, verbose: true, colour: true });
  assert.doesNotMatch(plain, /\u001b/);
  assert.match(coloured, /\u001b\[32mlossless\u001b\[39m/);
  assert.equal(stripVTControlCharacters(coloured), plain);
});

const hostile: readonly (readonly [string, string])[] = [
  ["escape sequences", "\u001b[2J\u001b]0;owned\u0007\u009b31m"],
  ["line ends", "a\r\nTotal 0 B\rb\u0085c\u2028d"],
  ["bidi", "gpj.\u202eexe\u2066\u2069"],
  ["zero width", "a\u200b\u200d\ufeff".repeat(30)],
  ["300 bytes", "n".repeat(300)],
  ["CJK", "模型权重".repeat(25)],
  ["emoji", "👨‍👩‍👧🚀".repeat(40)],
  ["piled marks", `e${"\u0301".repeat(500)}`],
  ["lone surrogates", "\ud800x\udc00"],
  ["nothing", ""],
];

for (const [name, text] of hostile) {
  test(`a hostile text breaks no line: ${name}`, () => {
    for (const columns of [0, 1, 40, 80, 200]) {
      for (const verbose of [false, true]) {
        const rendered = table.render(hostileReport(text), { verbose, columns, colour: false });
        assert.doesNotMatch(rendered, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
        const width = columns === 0 ? 80 : Math.max(40, columns);
        // The command to type is never cut.
        const lines = rendered.split("\n").filter((line) => !line.startsWith("Next: "));
        for (const line of lines) assert.ok(widthOf(line) <= width, `${widthOf(line)} > ${width}: ${line}`);
      }
    }
  });
}

test("a reference that is no plain word is quoted for the shell", () => {
  const image = { ...sampleReport.image, reference: "oci:my images/it's" };
  const text = table.render({ ...sampleReport, image }, short);
  assert.match(text, /^Next: deadweight analyze 'oci:my images\/it'\\''s' --verbose$/m);
});
