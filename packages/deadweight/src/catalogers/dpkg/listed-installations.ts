// Layout: dpkg-query(1). `var/lib/dpkg/status` has a paragraph for each package; `info/NAME.list`, or `info/NAME:ARCH.list`
// where several architectures may be installed, has its absolute paths, one a line, the root as `/.`.
import type { WantedFile } from "../../contracts/cataloger.ts";
import { byteStringFromText, type ByteString } from "../../lib/byte-string.ts";
import { linesOf } from "../system/lines.ts";
import { spellingsOf } from "../system/merged-usr.ts";
import { parseDiversions, type Divert } from "./diversions.ts";
import { dpkgFolder, mostDpkgBytes, type DpkgFiles, type Installation } from "./installation.ts";
import { isUnpacked, parseStatus, type InstalledPackage } from "./status.ts";

// What dpkg keeps of a package beside its list: deb-control(5) and deb-triggers(5), deb-shlibs(5), deb-symbols(5), debconf-devel(7).
const infoEndings = "list md5sums conffiles config preinst postinst prerm postrm shlibs symbols templates triggers".split(" ");

const slash = "/".charCodeAt(0);

/** The packages of a status file. One problem says how many have no list. */
export function listedInstallations({ byPath, draft }: DpkgFiles): Installation[] {
  const status = byPath.get(`${dpkgFolder}/status`);
  if (status === undefined) return [];
  const diversions = byPath.get(`${dpkgFolder}/diversions`);
  const divert: Divert = (diversions && draft.read(diversions, mostDpkgBytes, parseDiversions)) ?? ((path) => path);
  const packages = draft.read(status, mostDpkgBytes, (bytes) => parseStatus(bytes, isUnpacked)) ?? [];
  const unlisted: string[] = [];
  const installations = packages.map((installed): Installation => {
    const stem = stemsOf(installed).find((candidate) => byPath.has(`${candidate}.list`));
    const list = byPath.get(`${stem}.list`);
    if (stem === undefined || list === undefined) {
      unlisted.push(installed.name);
      return { installed, source: status, paths: () => [], own: [] };
    }
    const paths = (bytes: Uint8Array): Iterable<ByteString> => listedPaths(bytes, installed.name, divert);
    const own = infoEndings.map((ending) => `${stem}.${ending}`);
    return { installed, source: list, paths: () => draft.read(list, mostDpkgBytes, paths) ?? [], own };
  });
  reportUnlisted(draft, status, unlisted);
  return installations;
}

function stemsOf({ name, architecture }: InstalledPackage): ByteString[] {
  return [`${name}:${architecture}`, name].map((stem) => `${dpkgFolder}/info/${byteStringFromText(stem)}`);
}

function reportUnlisted(draft: DpkgFiles["draft"], status: WantedFile, names: readonly string[]): void {
  if (names.length === 0) return;
  draft.report(status, `cannot tell the files of ${names.length} installed packages: no list, the first is ${names[0]}`);
}

function* listedPaths(bytes: Uint8Array, packageName: string, divert: Divert): Generator<ByteString> {
  for (const line of linesOf(bytes)) {
    let start = 0;
    while (line.charCodeAt(start) === slash) start++;
    const path = line.slice(start);
    if (path !== "" && path !== ".") yield* spellingsOf(divert(path, packageName));
  }
}
