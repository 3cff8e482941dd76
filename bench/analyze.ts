import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { built, type Contender, isThere, median, type Run, shell, skopeoName, timed } from "./support/contenders.ts";

/**
 * Our analysis against peers and the machine's floor, on one image of some gigabytes: paired runs, medians of ratios, peak memory.
 *
 *     node bench/analyze.ts --image docker:NAME [--rounds 5] [--keep FOLDER]
 *
 * Needs skopeo, and for their rows dive, syft and igzip (Debian's isal) in PATH. The image is copied as docker-archive, as OCI layout
 * with gzip and with zstd layers; --keep names a folder where the copies stay for the next run.
 */
const { values } = parseArgs({
  options: { image: { type: "string" }, rounds: { type: "string", default: "5" }, keep: { type: "string" } },
});
const rounds = Number(values.rounds);
const folder = values.keep ?? mkdtempSync(join(tmpdir(), "deadweight-bench-"));
mkdirSync(folder, { recursive: true });

try {
  main();
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

function main(): void {
  const program = built();
  for (const compression of ["none", "gzip", "zstd"] as const) {
    const copies = copiesOf(compression);
    const bytes = uncompressedBytes(copies.blobs, compression);
    const ours = { name: "deadweight", command: `node ${program} analyze --no-cache --quiet --format json ${copies.reference}` };
    const runs = paired([ours, ...contenders(compression, copies)]);
    print(compression, bytes, runs);
  }
  cached(program);
}

type Compression = "none" | "gzip" | "zstd";

interface Copies {
  /** What we and skopeo read. */
  readonly reference: string;
  /** The same blobs as an archive that `docker load`, and so dive, takes. */
  readonly archive: string;
  readonly blobs: readonly string[];
}

function copiesOf(compression: Compression): Copies {
  const archive = join(folder, "image.tar");
  if (!existsSync(archive))
    shell(
      `skopeo copy -q ${skopeoName(values.image)} docker-archive:${archive}.part:bench:latest && mv ${archive}.part ${archive}`,
    );
  if (compression === "none") return { reference: `docker-archive:${archive}`, archive, blobs: membersOf(archive) };
  const layout = join(folder, compression);
  if (!existsSync(layout)) {
    shell(`skopeo copy -q --dest-compress-format ${compression} docker-archive:${archive} oci:${layout}.part:bench`);
    renameSync(`${layout}.part`, layout);
  }
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: { digest: string }[] };
  const blob = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const manifest = JSON.parse(readFileSync(blob(manifests[0]?.digest ?? ""), "utf8")) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const member = (digest: string): string => `blobs/${digest.replace(":", "/")}`;
  const asSaved = join(folder, `${compression}.tar`);
  if (!existsSync(asSaved)) {
    const row = {
      Config: member(manifest.config.digest),
      RepoTags: ["bench:latest"],
      Layers: manifest.layers.map((layer) => member(layer.digest)),
    };
    writeFileSync(join(layout, "manifest.json"), JSON.stringify([row]));
    shell(`tar -C ${layout} -cf ${asSaved} manifest.json blobs`);
  }
  return { reference: `oci:${layout}`, archive: asSaved, blobs: manifest.layers.map((layer) => blob(layer.digest)) };
}

/** The layers of a plain archive, unpacked once so that the floor can read them. */
function membersOf(archive: string): readonly string[] {
  const layers = join(folder, "layers");
  if (!existsSync(layers)) {
    mkdirSync(layers);
    shell(`tar -C ${layers} -xf ${archive}`);
  }
  const [row] = JSON.parse(readFileSync(join(layers, "manifest.json"), "utf8")) as { Layers: string[] }[];
  return (row?.Layers ?? []).map((layer) => join(layers, layer));
}

function contenders(compression: Compression, copies: Copies): readonly Contender[] {
  const copied = join(folder, "copied");
  const unpack = { none: "cat", gzip: "igzip -dc", zstd: "zstd -dcq" }[compression];
  const each = copies.blobs.map((blob) => `'${blob}'`).join(" ");
  const having = (program: string, command: string): string | undefined => (isThere(program) ? command : undefined);
  return [
    { name: "skopeo copy dir:", command: `rm -rf ${copied}; skopeo copy -q ${copies.reference} dir:${copied}` },
    { name: "dive", command: having("dive", `CI=true dive --source docker-archive ${copies.archive} > /dev/null`) },
    {
      name: "syft",
      command: having(
        "syft",
        `syft scan -q -o json ${compression === "none" ? copies.reference : `oci-dir:${copies.reference.slice(4)}`} > /dev/null`,
      ),
    },
    {
      name: `floor: ${unpack.split(" ")[0]} and sha256, two at a time`,
      command: having(
        unpack.split(" ")[0] ?? "",
        `printf '%s\\n' ${each} | xargs -P2 -I{} sh -c "${unpack} '{}' | openssl dgst -sha256 > /dev/null"`,
      ),
    },
  ];
}

/** Each contender once a round, so that what else the machine does falls on all alike. Gates that fail (dive's) end with 1. */
function paired(all: readonly Contender[]): ReadonlyMap<string, readonly Run[]> {
  const runs = new Map<string, Run[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, command } of all) {
      if (command !== undefined) runs.set(name, [...(runs.get(name) ?? []), timed(command, [0, 1])]);
    }
  }
  return runs;
}

function print(compression: Compression, bytes: number, runs: ReadonlyMap<string, readonly Run[]>): void {
  const ours = runs.get("deadweight") ?? [];
  console.log(`\n## ${compression}: ${(bytes / 1e9).toFixed(2)} GB uncompressed, ${rounds} rounds\n`);
  console.log("| | seconds | GB/s | peak MB | their time / ours |\n|---|---|---|---|---|");
  for (const [name, own] of runs) {
    const seconds = median(own.map((run) => run.seconds));
    const ratio = median(own.map((run, round) => run.seconds / (ours[round]?.seconds ?? Number.NaN)));
    const peak = Math.max(...own.map((run) => run.peakMegabytes));
    console.log(
      `| ${name} | ${seconds.toFixed(2)} | ${(bytes / 1e9 / seconds).toFixed(2)} | ${peak.toFixed(0)} | ${ratio.toFixed(2)} |`,
    );
  }
}

/** A second run with everything in the cache. */
function cached(program: string): void {
  const command = `XDG_CACHE_HOME=${join(folder, "cache")} node ${program} analyze --quiet --format json oci:${join(folder, "gzip")}`;
  const runs = [timed(command), ...Array.from({ length: rounds }, () => timed(command))];
  console.log(
    `\nfrom the cache: ${median(runs.slice(1).map((run) => run.seconds)).toFixed(2)} s after ${runs[0]?.seconds.toFixed(2)} s`,
  );
}

function uncompressedBytes(blobs: readonly string[], compression: Compression): number {
  if (compression === "none") return blobs.reduce((total, blob) => total + statSync(blob).size, 0);
  const program = compression === "gzip" ? "gzip" : "zstd";
  return blobs.reduce((total, blob) => total + Number(shell(`${program} -dc '${blob}' | wc -c`)), 0);
}
