import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtAt } from "./demo-entry.ts";
import type { DemoStep } from "./demo-steps.ts";
import { writeArchive } from "./write-archive.ts";

/** What was made. */
export interface WrittenImage {
  readonly layers: number;
  readonly tarBytes: number;
  readonly compressedBytes: number;
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** Writes the steps as an OCI layout; what an earlier call left in the folder goes. Throws for a folder with anything else in it. */
export async function writeImage(steps: readonly DemoStep[], folder: string): Promise<WrittenImage> {
  clear(folder);
  const blobs = join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const filled = steps.filter((step) => step.entries !== undefined);
  const layers = await Promise.all(filled.map((step, index) => writeArchive(step.entries ?? [], blobs, `unfinished-${index}`)));
  const store = (value: unknown): { digest: string; size: number } => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, digest), bytes);
    return { digest: `sha256:${digest}`, size: bytes.length };
  };
  const config = store(
    configOf(
      steps,
      layers.map(({ diffId }) => diffId),
    ),
  );
  const manifest = store({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: layers.map(({ digest, size }) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest, size })),
  });
  const descriptor = { mediaType: "application/vnd.oci.image.manifest.v1+json", ...manifest };
  writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const sum = (of: "size" | "tarBytes"): number => layers.reduce((total, layer) => total + layer[of], 0);
  return { layers: layers.length, tarBytes: sum("tarBytes"), compressedBytes: sum("size") };
}

function clear(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const strange = readdirSync(folder).filter((name) => !["blobs", "index.json", "oci-layout"].includes(name));
  if (strange.length > 0) throw new Error(`${folder}: not the folder of a demo image, it has ${strange[0]}`);
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

function configOf(steps: readonly DemoStep[], diffIds: readonly string[]): unknown {
  const time = (seconds: number): string => new Date(1000 * seconds).toISOString();
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: "linux",
    created: time(builtAt),
    config: {
      User: "node",
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NODE_ENV=production"],
      Cmd: ["node", "packages/deadweight/bin/deadweight.cjs", "--help"],
      WorkingDir: "/app",
    },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: steps.map(({ createdBy, daysBefore = 0, entries }) => ({
      created: time(builtAt - daysBefore * 24 * 60 * 60),
      created_by: createdBy,
      ...(entries === undefined ? { empty_layer: true } : {}),
    })),
  };
}
