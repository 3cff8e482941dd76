import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { built, type Contender, isThere, median, type Run, shell, skopeoName, timed } from "./support/contenders.ts";

/**
 * Our rewriting against peers, on one image: paired runs, medians of ratios, peak memory; and how far predictions are off.
 *
 *     node bench/optimize.ts --image docker:NAME [--rounds 3] [--keep FOLDER]
 *
 * Needs skopeo and GNU time; for their rows docker-squash (PyPI) and, with docker-registry, crane in PATH. docker-squash reads and writes
 * the engine: IMAGE has to be there. What is missing or fails is printed as that. --keep names a folder where the copies stay.
 */
const { values } = parseArgs({
  options: { image: { type: "string" }, rounds: { type: "string", default: "3" }, keep: { type: "string" } },
});
const rounds = Number(values.rounds);
const folder = values.keep ?? mkdtempSync(join(tmpdir(), "deadweight-bench-"));
mkdirSync(folder, { recursive: true });

interface Weight {
  readonly tarBytes: number;
  readonly compressedBytes: number;
}

try {
  await main();
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const optimize = `node ${built()} optimize --no-cache --quiet --force --rewrite-base --format json`;
  const gzip = layout("gzip");
  print(
    "prediction against result",
    ["layers", "tar before", "predicted", "result", "off by", "compressed before", "predicted", "result", "off by"],
    [
      predicted("gzip", `${optimize} --level verified ${gzip} -o oci:${join(folder, "predicted")}`),
      predicted("zstd", `${optimize} --level verified ${layout("zstd")} -o oci:${join(folder, "predicted")}`),
    ],
  );
  const zstd = `skopeo copy -q --dest-compress-format zstd`;
  compare("compressing all layers with zstd", [
    { name: "deadweight", command: `${optimize} --only recompress --compression zstd:3 ${plain()} -o oci:${folder}/ours` },
    {
      name: "deadweight, not validated",
      command: `${optimize} --no-validate --only recompress --compression zstd:3 ${plain()} -o oci:${folder}/ours`,
    },
    { name: "skopeo copy", command: `rm -rf ${folder}/copied; ${zstd} ${plain()} oci:${folder}/copied` },
  ]);
  compare("dropping dead weight", [
    { name: "deadweight", command: `${optimize} --level verified ${gzip} -o oci:${folder}/ours` },
    { name: "deadweight, not validated", command: `${optimize} --level verified --no-validate ${gzip} -o oci:${folder}/ours` },
    { name: "docker-squash, from engine to engine (its peak is without the engine's)", command: engineCommand() },
    ...(await flattened(gzip)),
  ]);
}

/** The image as an OCI layout with layers of that kind. */
function layout(format: "gzip" | "zstd"): string {
  const path = join(folder, format);
  if (!existsSync(path)) {
    shell(`skopeo copy -q --dest-compress-format ${format} ${skopeoName(values.image)} oci:${path}.part:bench`);
    renameSync(`${path}.part`, path);
  }
  return `oci:${path}`;
}

/** The image with plain layers: of compressed ones skopeo copies the blobs. */
function plain(): string {
  const path = join(folder, "image.tar");
  if (!existsSync(path)) {
    shell(`skopeo copy -q ${skopeoName(values.image)} docker-archive:${path}.part:bench:latest`);
    renameSync(`${path}.part`, path);
  }
  return `docker-archive:${path}`;
}

function predicted(name: string, command: string): readonly string[] {
  const {
    before,
    predicted: plan,
    after,
  } = JSON.parse(shell(command)) as Readonly<Record<"before" | "predicted" | "after", Weight>>;
  return [
    name,
    ...(["tarBytes", "compressedBytes"] as const).flatMap((column) => rowOf(before[column], plan[column], after[column])),
  ];
}

function rowOf(before: number, plan: number, result: number): readonly string[] {
  return [String(before), String(plan), String(result), `${((plan / result - 1) * 100).toFixed(2)} %`];
}

/** From the engine to the engine: docker-squash knows nothing else. */
function engineCommand(): string | undefined {
  if (!isThere("docker-squash") || !values.image?.startsWith("docker:") || values.image.startsWith("docker://")) return undefined;
  return `docker-squash --tag deadweight-bench:squashed ${values.image.slice(7)}; code=$?; docker rmi -f deadweight-bench:squashed; exit $code`;
}

/** crane reads registries alone, so it gets one. */
async function flattened(source: string): Promise<readonly Contender[]> {
  if (!isThere("crane") || !isThere("docker-registry")) return [{ name: "crane flatten", command: undefined }];
  const host = "127.0.0.1:5077";
  const config = join(folder, "registry.yml");
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${folder}/registry\n`;
  writeFileSync(config, `version: 0.1\nlog:\n  level: error\n${storage}http:\n  addr: ${host}\n`);
  const registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  process.once("exit", () => registry.kill());
  registry.unref();
  shell(`sleep 1; skopeo copy -q --dest-tls-verify=false ${source} docker://${host}/bench:latest`);
  return [
    {
      name: "crane flatten, from registry to registry",
      command: `crane flatten --insecure -t ${host}/bench:flat ${host}/bench:latest`,
    },
  ];
}

/** Each contender once a round, so that what else the machine does falls on all alike. */
function compare(title: string, contenders: readonly Contender[]): void {
  const runs = new Map<string, Run[]>();
  const failures = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, command } of contenders) {
      if (command === undefined || failures.has(name)) continue;
      try {
        runs.set(name, [...(runs.get(name) ?? []), timed(command)]);
      } catch (error) {
        failures.set(name, String(error).trim().split("\n").at(-1) ?? "");
      }
    }
  }
  const ours = runs.get("deadweight") ?? [];
  const rows = [...runs].map(([name, own]) => [
    name,
    median(own.map((run) => run.seconds)).toFixed(2),
    Math.max(...own.map((run) => run.peakMegabytes)).toFixed(0),
    median(own.map((run, round) => run.seconds / (ours[round]?.seconds ?? Number.NaN))).toFixed(2),
  ]);
  const absent = contenders.filter(({ command }) => command === undefined).map(({ name }) => [name, "missing", "", ""]);
  const failed = [...failures].map(([name, why]) => [name, `failed: ${why.slice(0, 200)}`, "", ""]);
  print(`${title}, ${rounds} rounds`, ["", "seconds", "peak MB", "their time / ours"], [...rows, ...absent, ...failed]);
}

function print(title: string, heading: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n## ${title}\n`);
  for (const cells of [heading, heading.map(() => "---"), ...rows]) console.log(`| ${cells.join(" | ")} |`);
}
