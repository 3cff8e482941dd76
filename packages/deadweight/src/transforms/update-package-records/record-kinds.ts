// Layout: dpkg's lists have an absolute path in each line, md5sums a sum, two characters and a path. RECORD of a Python
// distribution is CSV: the path first, in quotes where it has a comma or a quote, which is doubled then; the digest, the size.
import type { DigestSlot } from "../../contracts/transform.ts";
import type { FileTree } from "../../facts/file-tree.ts";
import { bytesOf, type ByteString } from "../../lib/byte-string.ts";

/** A row of a record that vouches for a file, with room for a new digest. */
export interface NewRow {
  readonly line: ByteString;
  /** Where in the line the digest begins. */
  readonly at: number;
  readonly algorithm: DigestSlot["algorithm"];
  readonly encoding: DigestSlot["encoding"];
  readonly before?: string;
}

/** What a row says of a file, or is to say. */
export interface FileFacts {
  /** Its new size. */
  readonly size: number;
  /** Of its old content, as bytes. */
  readonly sha256: ByteString;
}

/** One kind of list that says which files a package has. */
export interface RecordKind {
  /** Where they are, for `FileTree.glob`. */
  readonly patterns: readonly string[];
  /** The path of a line, from the root, links not followed; empty for what is none. `folder` is the one above the record's own. */
  readonly pathOf: (line: ByteString, folder: ByteString) => ByteString;
  /** The line for a file with other content: undefined where it has no digest, or a wrong one; `unknown` where that is of another kind. */
  readonly renew?: (line: ByteString, file: FileFacts) => NewRow | "unknown" | undefined;
}

const sumCharacters = 32;
/** 32 bytes in base64 without padding, RFC 4648. */
const shaCharacters = 43;
const isSha256 = /^sha256=[\w-]{43}$/;

/** The lists that are kept true. */
export const recordKinds: readonly RecordKind[] = [
  { patterns: ["var/lib/dpkg/info/*.list"], pathOf: (line) => (line === "/." ? "" : line) },
  {
    patterns: ["var/lib/dpkg/info/*.md5sums", "var/lib/dpkg/status.d/*.md5sums"],
    pathOf: summedPath,
    renew: (line) => ({ line, at: 0, algorithm: "md5", encoding: "hex", before: line.slice(0, sumCharacters) }),
  },
  {
    patterns: ["**/*.dist-info/RECORD"],
    pathOf: (line, folder) => {
      const path = recordedPath(line);
      return path === "" || path.startsWith("/") ? path : `${folder}/${path}`;
    },
    renew: renewedRecord,
  },
];

/** The path of a line of md5sums; empty where the line is none. */
export function summedPath(line: ByteString): ByteString {
  return /^[0-9a-f]{32} [ *](.+)$/.exec(line)?.[1] ?? "";
}

/** The path of a line of a RECORD; empty where a quote is not closed, as of a name with a line feed. */
export function recordedPath(line: ByteString): ByteString {
  if (!line.startsWith('"')) return line.replace(/,.*$/, "");
  return /^"((?:[^"]|"")*)"(?:,|$)/.exec(line)?.[1]?.replaceAll('""', '"') ?? "";
}

function renewedRecord(line: ByteString, { size, sha256 }: FileFacts): NewRow | "unknown" | undefined {
  const [, path = "", digest, oldSize = "", end = ""] = /^("(?:[^"]|"")*"|[^,]*),([^,]*),(\d*)(\s*)$/.exec(line) ?? [];
  if (digest === "" && oldSize === "") return undefined;
  if (digest === undefined || !isSha256.test(digest)) return "unknown";
  if (digest !== `sha256=${Buffer.from(bytesOf(sha256)).toString("base64url")}`) return undefined;
  const start = `${path},sha256=`;
  const newSize = oldSize === "" ? "" : String(size);
  const renewed = `${start}${"A".repeat(shaCharacters)},${newSize}${end}`;
  return { line: renewed, at: start.length, algorithm: "sha256", encoding: "base64url" };
}

/** The folder above the record's own, from which a RECORD gives its paths. */
export function recordFolder(tree: FileTree, node: number): ByteString {
  return tree.paths.path(tree.paths.parent(tree.paths.parent(node)));
}
