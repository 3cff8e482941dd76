import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  createWriteStream,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createGunzip, createGzip } from "node:zlib";
import type { Cut } from "../packages/deadweight/src/archive/deflate/cut.ts";
import { InflateBlocks } from "../packages/deadweight/src/archive/deflate/inflate-blocks.ts";
import { planSplice } from "../packages/deadweight/src/archive/deflate/plan-splice.ts";
import { spliceGzip, type Spliced } from "../packages/deadweight/src/archive/deflate/splice.ts";
import { defaultLimits } from "../packages/deadweight/src/archive/limits.ts";

/**
 * Cuts bytes out of a gzip layer: by our splice, by Go's standard library (which Docker compresses with), and by zlib in Node, each at
 * level 6, hashing blob and content. Prints elapsed and processor seconds, medians of paired runs, and ratios. Go reads what we wrote.
 *
 *     node bench/splice.ts [--layer FILE.tar.gz] [--rounds 3] [--only TEXT]
 *
 * Needs go. Without --layer one is made of /usr. --only takes the cases whose names hold a text.
 */
const { values } = parseArgs({
  options: { layer: { type: "string" }, rounds: { type: "string", default: "3" }, only: { type: "string", default: "" } },
});
const rounds = Number(values.rounds);
const MB = 1_000_000;
const goSource = `package main

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	in, err := os.Open(os.Args[1])
	must(err)
	from, err := gzip.NewReader(bufio.NewReaderSize(in, 1<<20))
	must(err)
	content := sha256.New()
	if os.Args[2] == "check" {
		_, err = io.Copy(content, from)
		must(err)
		fmt.Printf("%x", content.Sum(nil))
		return
	}
	out, err := os.Create(os.Args[2])
	must(err)
	blob := sha256.New()
	to := gzip.NewWriter(io.MultiWriter(out, blob))
	both := io.MultiWriter(to, content)
	var place int64
	for i := 3; i+1 < len(os.Args); i += 2 {
		start, _ := strconv.ParseInt(os.Args[i], 10, 64)
		end, _ := strconv.ParseInt(os.Args[i+1], 10, 64)
		_, err = io.CopyN(both, from, start-place)
		must(err)
		_, err = io.CopyN(io.Discard, from, end-start)
		must(err)
		place = end
	}
	_, err = io.Copy(both, from)
	must(err)
	must(to.Close())
	must(out.Close())
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	micros := (used.Utime.Sec+used.Stime.Sec)*1000000 + int64(used.Utime.Usec+used.Stime.Usec)
	fmt.Printf("%x %d", content.Sum(nil), micros)
}
`;

const folder = mkdtempSync(join(tmpdir(), "deadweight-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const layerPath = values.layer ?? makeLayer();
const goProgram = buildGo();
const tarBytes = findBlocks();
for (const [name, cuts] of cases()) if (name.includes(values.only)) await compare(name, cuts);

function makeLayer(): string {
  const path = join(folder, "layer.tar.gz");
  execFileSync("sh", ["-c", `tar -cf - --sort=name -C / usr 2>/dev/null | head -c 800000000 | gzip -6n > ${path}`]);
  return path;
}

function buildGo(): string {
  const source = join(folder, "recompress.go");
  writeFileSync(source, goSource);
  execFileSync("go", ["build", "-o", join(folder, "recompress"), source]);
  return join(folder, "recompress");
}

/** How fast blocks are found, with nothing else done. Gives the layer's uncompressed size. */
function findBlocks(): number {
  const begin = performance.now();
  const blocks = new InflateBlocks(defaultLimits);
  let spans = 0;
  for (const piece of pieces(layerPath)) for (const found of blocks.push(piece)) spans += Number(found.kind === "span");
  for (const found of blocks.end()) spans += Number(found.kind === "span");
  const { end } = blocks.content;
  const rate = end / MB / ((performance.now() - begin) / 1000);
  console.log(
    `load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores; ${mb(statSync(layerPath).size)} hold ${mb(end)}`,
  );
  console.log(`blocks found at ${rate.toFixed(0)} MB/s, one in ${Math.round(end / spans)} bytes`);
  return end;
}

function cases(): readonly (readonly [string, readonly Cut[]])[] {
  const size = Math.min(39 * MB, Math.floor(tarBytes / 10));
  return [
    ["one large file in the middle", spread(1, size)],
    ["one large file at the start", [{ start: 0, end: size }]],
    ["one large file at the end", [{ start: tarBytes - size, end: tarBytes }]],
    ["100 files", spread(100, 102_400)],
    ["1000 files", spread(1000, 10_240)],
    ["4000 files", spread(4000, 10_240)],
  ];
}

function spread(count: number, length: number): readonly Cut[] {
  return Array.from({ length: count }, (_, index) => {
    const start = 512 * Math.floor(((index + 0.5) * tarBytes) / count / 512);
    return { start, end: start + length };
  });
}

interface Times {
  readonly seconds: number;
  readonly processorSeconds: number;
}

async function compare(name: string, cuts: readonly Cut[]): Promise<void> {
  const runs: { readonly ours: Times; readonly go: Times; readonly node: Times }[] = [];
  let result: Spliced | undefined;
  for (let round = 0; round < rounds; round++) {
    const ours = await timed(async () => {
      result = await splice(cuts);
    });
    const go = recompressByGo(cuts, result?.diffId);
    runs.push({ ours, go, node: await timed(() => recompressByNode(cuts)) });
  }
  const content = execFileSync(goProgram, [join(folder, "spliced"), "check"]).toString();
  if (result === undefined || `sha256:${content}` !== result.diffId) throw new Error(`${name}: Go reads other content`);
  const plan = planSplice(cuts, { tarBytes, compressedBytes: statSync(layerPath).size, threads: 1 });
  console.log(
    `\n${name}: ${percent(result.deflatedBytes, result.tarBytes)} deflated anew, ${percent(plan.deflatedBytes, plan.tarBytes)} planned`,
  );
  for (const [who, file] of [
    ["ours", "spliced"],
    ["go", "by-go"],
    ["node", "by-node"],
  ] as const) {
    const of = (key: keyof Times): string => {
      const own = median(runs.map((run) => run[who][key]));
      return `${own.toFixed(2)} s (${median(runs.map((run) => run[who][key] / run.ours[key])).toFixed(1)} times)`;
    };
    console.log(`  ${who}: ${of("seconds")}, processor ${of("processorSeconds")}, ${mb(statSync(join(folder, file)).size)}`);
  }
}

async function timed(work: () => Promise<void>): Promise<Times> {
  const begin = performance.now();
  const used = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(used);
  return { seconds: (performance.now() - begin) / 1000, processorSeconds: (user + system) / 1_000_000 };
}

async function splice(cuts: readonly Cut[]): Promise<Spliced> {
  const out = openSync(join(folder, "spliced"), "w");
  try {
    return await spliceGzip(pieces(layerPath), cuts, (piece) => void writeSync(out, piece), { limits: defaultLimits });
  } finally {
    closeSync(out);
  }
}

function recompressByGo(cuts: readonly Cut[], diffId: string | undefined): Times {
  const places = cuts.flatMap(({ start, end }) => [String(start), String(end)]);
  const begin = performance.now();
  const [content, micros] = execFileSync(goProgram, [layerPath, join(folder, "by-go"), ...places])
    .toString()
    .split(" ");
  if (diffId !== `sha256:${content}`) throw new Error("Go makes other content");
  return { seconds: (performance.now() - begin) / 1000, processorSeconds: Number(micros) / 1_000_000 };
}

/** With large pieces; zlib's two sides work in threads of their own. */
async function recompressByNode(cuts: readonly Cut[]): Promise<void> {
  const gunzip = createGunzip({ chunkSize: MB });
  const gzip = createGzip({ level: 6, chunkSize: MB });
  const content = createHash("sha256");
  const written = new Promise<void>((resolve, reject) => {
    gzip
      .pipe(createWriteStream(join(folder, "by-node")))
      .on("finish", resolve)
      .on("error", reject);
  });
  void (async () => {
    for (const piece of pieces(layerPath))
      if (!gunzip.write(piece)) await new Promise((resolve) => gunzip.once("drain", resolve));
    gunzip.end();
  })();
  let place = 0;
  let next = 0;
  const keep = async (bytes: Uint8Array): Promise<void> => {
    content.update(bytes);
    if (!gzip.write(bytes)) await new Promise((resolve) => gzip.once("drain", resolve));
  };
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    let at = 0;
    for (let cut = cuts[next]; cut !== undefined && cut.start < place + chunk.length; cut = cuts[next]) {
      if (cut.start > place + at) await keep(chunk.subarray(at, cut.start - place));
      at = Math.min(chunk.length, cut.end - place);
      if (cut.end > place + chunk.length) break;
      next++;
    }
    if (at < chunk.length) await keep(chunk.subarray(at));
    place += chunk.length;
  }
  gzip.end();
  await written;
}

function* pieces(path: string): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    for (;;) {
      const piece = new Uint8Array(256 * 1024);
      const count = readSync(file, piece);
      if (count === 0) return;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}

function mb(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)} %`;
}
