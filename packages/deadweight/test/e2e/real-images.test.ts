import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Report, ReportComponent } from "../../src/index.ts";
import { docker, exported, output, type Builder } from "../support/engine.ts";
import { below, listing, tarBytesOf, type ListedEntry } from "../support/engine-listing.ts";
import { applicationFiles, buildImages, type BuiltImages, type Recipe } from "../support/e2e-images.ts";
import { spread, startLockedRegistry, weigh, type LockedRegistry, type Place, type Places } from "../support/e2e-places.ts";
import { assertExact, bytesOf, claimsOf, pathOf, withoutStore } from "../support/e2e-report.ts";
import { treeOf, visibleIn, visibleInArchive } from "../support/e2e-visible.ts";
import { type Containerd, startContainerd } from "../support/containerd.ts";
import { assertOptimized } from "../support/e2e-optimized.ts";
import { isInstalled, type RealRegistry, startRealRegistry } from "../support/registry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { withoutEngine } from "../support/tools.ts";

/** Why these tests can't run on this machine, or false. */
function missing(): string | false {
  const programs = ["skopeo", "docker-registry", "htpasswd", "debootstrap", "pip3", "tar"];
  const absent = programs.find((program) => !isInstalled(program));
  if (absent !== undefined) return `${absent}: not on this machine`;
  return process.getuid?.() === 0 ? withoutEngine() : "debootstrap: needs root";
}

/** The layers of an image as GNU tar lists them, and its report. */
interface Weighed {
  readonly report: Report;
  readonly layers: readonly (readonly ListedEntry[])[];
  readonly places: Places;
}

describe("images that the engine built", { skip: missing() }, () => {
  let images: BuiltImages;
  let locked: LockedRegistry;
  const caches = temporaryFolder();
  before(async () => {
    images = await buildImages();
    locked = await startLockedRegistry();
  });
  after(async () => {
    await locked?.registry.close();
    await images?.remove();
  });

  const eachStore = (recipe: Recipe, builder: Builder, check: (weighed: Weighed) => void | Promise<void>): void => {
    test(`${recipe}, by the ${builder} builder: the same from every store, and exact`, async () => {
      const places = await spread(images.name(recipe, builder), locked);
      const layers = await Promise.all(places.layers.map((file) => listing(file)));
      const reports = await weighAll(places, locked, caches);
      const [first] = reports;
      assert.ok(first !== undefined);
      for (const [index, report] of reports.entries()) {
        assert.deepEqual(withoutStore(report), withoutStore(first), places.all[index]?.name);
      }
      assert.deepEqual(first.problems, []);
      assert.equal(first.baseImage.layers, 1);
      assert.match(first.baseImage.evidence, /docker import/);
      await check({ report: first, layers, places });
      places.remove();
    });
  };

  eachStore("caches", "legacy", async ({ report, layers }) => {
    assert.deepEqual(instructions(report), [
      "base FROM scratch # imported from -",
      "RUN apt-get update && apt-get -o Acquire::Retries=3 install -y --no-install-recommends python3-pip",
      "RUN rm -rf /var/lib/apt/lists/*",
    ]);
    const [, installed = []] = layers;
    const lists = below(installed, "var/lib/apt/lists").filter(({ path }) => !path.startsWith("var/lib/apt/lists/partial/"));
    const hidden = claimsOf(report, "shadowed-files").filter(
      (claim) => claim.location.layer === 1 && pathOf(claim).startsWith("var/lib/apt/lists/"),
    );
    assert.deepEqual(hidden.map(pathOf), lists.map(({ path }) => path).sort());
    assert.equal(bytesOf(hidden), tarBytesOf(lists));
    const late = claimsOf(report, "late-cleanup").filter((claim) => claim.location.layer === 1);
    assert.deepEqual(late.map(pathOf), hidden.map(pathOf));
    const archives = below(installed, "var/cache/apt").filter(({ type, size }) => type === "-" && size > 0);
    assert.ok(archives.some(({ path }) => path.endsWith(".deb")));
    const claimed = claimsOf(report, "apt-archives");
    assert.deepEqual(claimed.map(pathOf), archives.map(({ path }) => path).sort());
    assert.equal(bytesOf(claimed), tarBytesOf(archives));
    await assertPackages(report, images.name("caches"));
  });

  eachStore("ownership", "legacy", async ({ report, layers, places }) => {
    const [base, copy, chown] = instructions(report);
    assert.equal(base, "base FROM scratch # imported from -");
    assert.match(copy ?? "", /^COPY dir:\w+ \/srv\/app$/);
    assert.equal(chown, "RUN chown -R 1000:1000 /srv/app");
    const files = (layers[2] ?? []).filter(({ type }) => type === "-");
    assert.equal(files.length, applicationFiles.length);
    const claims = claimsOf(report, "metadata-rewrites");
    assert.deepEqual(claims.map(pathOf), applicationFiles.map((path) => `srv/app/${path}`).sort());
    assert.ok(claims.every((claim) => claim.location.layer === 2 && claim.basis === "measured"));
    assert.equal(bytesOf(claims), tarBytesOf(files));
    const application = only(report, "application");
    assert.ok(application.layers.includes(1));
    assert.ok(application.files >= applicationFiles.length);
    await assertDecompressed(report, places);
  });

  eachStore("numpy", "legacy", async ({ report, layers }) => {
    const [, , , pip = "", main = ""] = instructions(report);
    assert.match(pip, /^RUN pip install --break-system-packages .* numpy$/);
    assert.match(main, /^COPY file:\w+ \/app\/main\.py$/);
    const [, , , installed = []] = layers;
    const numpy = report.components.filter(({ kind, name }) => kind === "python" && name === "numpy");
    assert.deepEqual(
      numpy.map(({ version, layers }) => ({ version, layers })),
      [{ version: images.numpyVersion, layers: [3] }],
    );
    const cache = below(installed, "root/.cache/pip").filter(({ type, size }) => type === "-" && size > 0);
    const rest = installed.filter(({ type, path }) => type !== "d" && !path.startsWith("root/.cache/"));
    assert.equal(numpy[0]?.files, rest.length);
    assert.ok((numpy[0]?.tarBytes ?? 0) >= tarBytesOf(rest));
    const claims = claimsOf(report, "pip-cache");
    assert.deepEqual(claims.map(pathOf), cache.map(({ path }) => path).sort());
    assert.equal(bytesOf(claims), tarBytesOf(cache));
    assert.equal(only(report, "application").files, 1);
    await assertPackages(report, images.name("numpy"));
  });

  for (const builder of ["legacy", "buildkit"] as const) {
    eachStore("stages", builder, ({ report, layers }) => {
      const [, stage = "", main = ""] = instructions(report);
      assert.match(stage, builder === "legacy" ? /^COPY dir:\w+ \/opt\/app$/ : /^COPY \/out \/opt\/app$/);
      assert.match(main, builder === "legacy" ? /^COPY file:\w+ \/opt\/app\/main\.py$/ : /^COPY main\.py \/opt\/app\/main\.py$/);
      const brought = layers.slice(1).flatMap((layer) => layer.filter(({ type }) => type === "-"));
      assert.deepEqual(brought.map(({ path }) => path).sort(), ["opt/app/bin/count", "opt/app/main.py", "opt/app/numbers"]);
      const application = only(report, "application");
      assert.equal(application.files, 3);
      assert.deepEqual(application.layers, [1, 2]);
      assert.ok(application.tarBytes >= tarBytesOf(brought));
    });
  }

  describe("rewritten", () => {
    let open: RealRegistry;
    let containerd: Containerd | undefined;
    before(async () => {
      open = await startRealRegistry("");
      containerd = isInstalled("containerd") && isInstalled("ctr") ? await startContainerd() : undefined;
    });
    after(async () => {
      await containerd?.close();
      await open?.close();
    });
    const eachTool = (recipe: Recipe, builder: Builder, transforms: readonly string[]): void => {
      test(`${recipe}, by the ${builder} builder: all tools see what they saw, but for the changes that are listed`, async (t) => {
        if (!isInstalled("umoci")) return t.skip("umoci: not on this machine");
        const { changes } = await assertOptimized(images.name(recipe, builder), { registry: open.host, containerd });
        const made = new Set(changes.map(({ transform }) => transform));
        for (const transform of transforms) assert.ok(made.has(transform), `${transform} did nothing`);
        return undefined;
      });
    };
    eachTool("caches", "legacy", ["drop-shadowed", "remove-caches"]);
    eachTool("ownership", "legacy", ["drop-metadata-rewrites"]);
    eachTool("numpy", "legacy", ["drop-shadowed", "remove-caches"]);
    eachTool("stages", "legacy", []);
    eachTool("stages", "buildkit", []);
  });

  test("what a container sees is what the engine exports", async () => {
    const image = images.name("numpy");
    const expected = new Map(await visibleInArchive(await exported(image)));
    const seen = new Map(visibleIn(await treeOf(`docker:${image}`)));
    assert.equal(expected.get(".dockerenv")?.slice(0, 2), "- ");
    for (const path of madeByTheEngine) {
      expected.delete(path);
      seen.delete(path);
    }
    assert.ok(seen.size > 8000, `${seen.size} paths`);
    assert.deepEqual(seen, expected);
  });

  test("--base tells the layers of an image that has a history of its own", async () => {
    const base = `docker:${images.name("caches")}`;
    const report = await weigh(`docker:${images.name("numpy")}`, process.env, { base, cache: join(caches, "docker") });
    assert.equal(report.baseImage.layers, 3);
    assert.ok(report.baseImage.evidence.includes(images.name("caches")), report.baseImage.evidence);
    assert.deepEqual(
      report.layers.map(({ base }) => base),
      [true, true, true, false, false],
    );
  });
});

/** What an engine puts into every container, and the folders that it does so in. */
const madeByTheEngine = [".dockerenv", "dev", "dev/console", "dev/pts", "dev/shm", "etc", "etc/hostname", "etc/hosts"].concat([
  "etc/mtab",
  "etc/resolv.conf",
  "proc",
  "sys",
]);

async function weighAll(places: Places, { environment }: LockedRegistry, caches: string): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const place of places.all) {
    const report = await weigh(place.reference, environment, { cache: join(caches, place.name) });
    assertExact(report);
    assertLayers(report, place, places);
    reports.push(report);
  }
  return reports;
}

/** Each layer is as large as its blob, and as its archive when decompressed. */
function assertLayers(report: Report, place: Place, places: Places): void {
  const archives = places.layers.map((file) => statSync(file).size);
  assert.deepEqual(
    report.layers.map(({ tarBytes }) => tarBytes),
    archives,
    place.name,
  );
  assert.deepEqual(
    report.layers.map(({ compressedBytes }) => compressedBytes),
    place.blobBytes ?? archives,
    place.name,
  );
}

/** What gzip and zstd make of the blobs is as large as the report says. */
async function assertDecompressed(report: Report, places: Places): Promise<void> {
  for (const [name, program] of [
    ["oci, gzip", "gzip"],
    ["oci, zstd", "zstd"],
  ] as const) {
    if (!isInstalled(program)) continue;
    const place = places.all.find((known) => known.name === name);
    const weighed = await weigh(place?.reference ?? "", process.env);
    for (const layer of weighed.layers) {
      const blob = `${place?.reference.replace(/^oci:|:e2e$/g, "")}/blobs/${layer.digest.replace(":", "/")}`;
      const bytes = await output("sh", ["-c", '"$1" -dc < "$2" | wc -c', "sh", program, blob]);
      assert.equal(Number(bytes), report.layers[layer.index]?.tarBytes, `${name}: layer ${layer.index}`);
    }
  }
}

/** Every package that dpkg itself lists is a component with its version, and no other is. */
async function assertPackages(report: Report, image: string): Promise<void> {
  const query = ["dpkg-query", "--show", "--showformat", "${Package} ${Version}\\n"];
  const listed = await docker("run", "--rm", "--network", "none", image, ...query);
  const found = report.components.filter(({ kind }) => kind === "dpkg").map(({ name, version }) => `${name} ${version}`);
  assert.deepEqual(found.sort(), listed.trim().split("\n").sort());
}

/** The instruction of each layer, `base` before those of the base image. */
function instructions(report: Report): readonly string[] {
  return report.layers.map(({ base, instruction }) => (base ? `base ${instruction}` : instruction));
}

function only(report: Report, kind: ReportComponent["kind"]): ReportComponent {
  const found = report.components.filter((component) => component.kind === kind);
  assert.equal(found.length, 1, kind);
  const [component] = found;
  assert.ok(component !== undefined);
  return component;
}
