// Layout: distroless images (and Bazel's rules_distroless) have no package manager: `var/lib/dpkg/status.d/NAME` holds the
// control paragraph of one package, `NAME.md5sums` beside it the sums of its files; folders and links are not listed.
import type { ByteString } from "../../lib/byte-string.ts";
import { linesOf } from "../system/lines.ts";
import { spellingsOf } from "../system/merged-usr.ts";
import { dpkgFolder, mostDpkgBytes, type DpkgFiles, type Installation } from "./installation.ts";
import { isUnpacked, parseStatus } from "./status.ts";

/** The packages of a `status.d` folder. A file there that names no package is a problem. */
export function distrolessInstallations({ byPath, draft }: DpkgFiles): Installation[] {
  const paragraphs = [...byPath.values()].filter(
    ({ path }) => path.startsWith(`${dpkgFolder}/status.d/`) && !path.endsWith(".md5sums"),
  );
  return paragraphs.flatMap((file) => {
    const sums = byPath.get(`${file.path}.md5sums`);
    const packages = draft.read(file, mostDpkgBytes, (bytes) =>
      parseStatus(bytes, (state) => state === undefined || isUnpacked(state)),
    );
    if (packages?.length === 0) draft.report(file, "cannot read a package: no Package field");
    return (packages ?? []).map((installed): Installation => ({
      installed,
      source: sums ?? file,
      paths: () => (sums && draft.read(sums, mostDpkgBytes, summedPaths)) ?? [],
      own: sums === undefined ? [file.path] : [file.path, sums.path],
    }));
  });
}

/** The paths of an md5sums file: the sum, two characters, the path without leading slash. */
function* summedPaths(bytes: Uint8Array): Generator<ByteString> {
  for (const line of linesOf(bytes)) {
    const path = /^[0-9a-f]{32} [ *](?:\.?\/)*(.+)$/.exec(line)?.[1];
    if (path !== undefined) yield* spellingsOf(path);
  }
}
