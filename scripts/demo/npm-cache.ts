import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileEntry, withFolders, type DemoEntry } from "./demo-entry.ts";
import { entriesBelow, machineEntry, namesIn, upTo } from "./machine-files.ts";
import { writeArchive } from "./write-archive.ts";

const mostPackages = 30;
const mostPackageBytes = 4 * 1024 * 1024;

/**
 * The cache that `npm ci` leaves: a tarball of each package, named after its digest, and an index (cacache's `content-v2` and
 * `index-v5`). The tarballs are made in the folder `work`.
 */
export async function npmCache(modules: string, work: string): Promise<readonly DemoEntry[]> {
  const entries: DemoEntry[] = [];
  const names = namesIn(modules).filter((name) => /^[a-z]/.test(name) && !name.startsWith("node-"));
  for (const name of names.slice(0, mostPackages)) {
    const files = withFolders(upTo(mostPackageBytes, entriesBelow(join(modules, name), "package")));
    if (files.length === 0) continue;
    const { file, size, digest } = await writeArchive(files, work, "unfinished");
    const content = machineEntry(file, `root/.npm/_cacache/content-v2/sha256/${foldedName(digest.slice("sha256:".length))}`);
    if (content === undefined) continue;
    const key = `pacote:tarball:${name}`;
    const row = JSON.stringify({ key, integrity: `sha256-${Buffer.from(digest.slice(7), "hex").toString("base64")}`, size });
    const place = foldedName(createHash("sha256").update(key).digest("hex"));
    const check = createHash("sha1").update(row).digest("hex");
    entries.push(content, fileEntry(`root/.npm/_cacache/index-v5/${place}`, `\n${check}\t${row}`));
  }
  return entries;
}

/** `abcdef` as `ab/cd/ef`. */
function foldedName(digits: string): string {
  return `${digits.slice(0, 2)}/${digits.slice(2, 4)}/${digits.slice(4)}`;
}
