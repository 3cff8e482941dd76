import { byteStringOf, type ByteString } from "../../src/lib/byte-string.ts";
import { output } from "./engine.ts";

/** An entry of an archive as GNU tar lists it. */
export interface ListedEntry {
  /** Without `./` before and `/` after it. */
  readonly path: ByteString;
  /** `-` file, `d` folder, `l` symlink, `h` hard link, `c`, `b`, `p`. */
  readonly type: string;
  readonly mode: string;
  /** `uid:gid`. */
  readonly owner: string;
  /** The size of a file, in bytes; 0 for others. */
  readonly size: number;
  /** Seconds since 1970, without the fraction. */
  readonly seconds: number;
  /** Where a link leads, as it is stored. */
  readonly link: ByteString | undefined;
  /** What the entry takes in the archive: headers, content, padding. */
  readonly tarBytes: number;
}

const flags = ["--list", "--verbose", "--block-number", "--numeric-owner", "--full-time", "--quoting-style=escape"];
const line = /^block (\d+): (\S)(\S{9}) (\d+)\/(\d+) +(\d+(?:,\d+)?) (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? (.*)$/;
/** What stands between a name and where it leads, by type. */
const arrows: Readonly<Record<string, string>> = { l: " -> ", h: " link to " };

/** What GNU tar says of an archive: a reading that shares no code with deadweight. */
export async function listing(archive: string): Promise<readonly ListedEntry[]> {
  const lines = (await output("tar", [...flags, "--file", archive])).split("\n").filter((text) => text !== "");
  const starts = lines.map((text) => 512 * Number(/^block (\d+): /.exec(text)?.[1]));
  if (lines.at(-1)?.endsWith("** Block of NULs **") !== true) throw new Error(`${archive}: no end of archive`);
  return lines.slice(0, -1).map((text, index) => parsed(text, (starts[index + 1] ?? 0) - (starts[index] ?? 0)));
}

function parsed(text: string, tarBytes: number): ListedEntry {
  const [, , type = "", mode = "", uid, gid, size = "", day, time, rest = ""] = line.exec(text) ?? [];
  if (type === "") throw new Error(`tar printed ${JSON.stringify(text)}`);
  const [name = "", ...target] = arrows[type] === undefined ? [rest] : rest.split(arrows[type]);
  return {
    path: relative(name),
    type,
    mode,
    owner: `${uid}:${gid}`,
    size: type === "-" ? Number(size) : 0,
    seconds: Date.parse(`${day}T${time}Z`) / 1000,
    link: target.length === 0 ? undefined : type === "h" ? relative(target.join("")) : unescaped(target.join(arrows[type])),
    tarBytes,
  };
}

function relative(name: string): ByteString {
  return unescaped(name)
    .replace(/^(?:\.?\/)+|^\.$/, "")
    .replace(/\/$/, "");
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** GNU's `escape` style: C's escapes, three octal digits for what is not printable in the C locale. */
function unescaped(text: string): ByteString {
  return byteStringOf(Buffer.from(text)).replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
}

/** The sum of what entries take in their archive. */
export function tarBytesOf(entries: readonly ListedEntry[]): number {
  return entries.reduce((total, entry) => total + entry.tarBytes, 0);
}

/** Entries below a folder, the folder itself left out. */
export function below(entries: readonly ListedEntry[], folder: string): readonly ListedEntry[] {
  return entries.filter(({ path }) => path.startsWith(`${folder}/`));
}
