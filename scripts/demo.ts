import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { planDemo } from "./demo/demo-steps.ts";
import { writeImage } from "./demo/write-image.ts";

/**
 * Makes an image out of what this machine has, without an engine and without the network, and analyses it:
 * `npm run demo [-- [FOLDER] [options of analyze]]`.
 */
const root = join(import.meta.dirname, "..");
const [first] = process.argv.slice(2);
const isNamed = first !== undefined && !first.startsWith("-");
const folder = isNamed ? first : relative(process.cwd(), join(root, "demo-image"));
const options = process.argv.slice(isNamed ? 3 : 2);

const work = mkdtempSync(join(tmpdir(), "deadweight-demo-"));
try {
  const { steps, planted } = await planDemo(root, work);
  const { layers, tarBytes, compressedBytes } = await writeImage(steps, folder);
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  const size = `${layers} layers, ${megabytes(tarBytes)}, ${megabytes(compressedBytes)} compressed`;
  console.error(`demo: made oci:${folder} (${size}) with mistakes planted for ${planted.join(", ")}\n`);
} finally {
  rmSync(work, { recursive: true });
}
const program = join(root, "packages/deadweight/bin/deadweight.cjs");
const analysis = spawnSync(process.execPath, [program, "analyze", `oci:${folder}`, "--no-cache", ...options], {
  stdio: "inherit",
});
process.exitCode = analysis.status ?? 1;
