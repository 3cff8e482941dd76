import { encodeHeader, encodePax, endOfArchive, padded, type TarRecord } from "../../src/archive/tar-writer.ts";
import { patchedHeader } from "./archived-image.ts";
import { tarOf, type TestEntry } from "./layers.ts";

/** A stack of layers that someone made to do harm, and what must become of it. */
export interface HostileStack {
  readonly what: string;
  readonly layers: readonly Uint8Array[];
  /** The error's message; it must also name the offset, and the path where there is one. */
  readonly refused?: RegExp;
  /** What a container shows, when it is taken; sorted paths. */
  readonly shows?: readonly string[];
  /** What must be told of, each of these once or more. */
  readonly told?: readonly RegExp[];
}

const join = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const archive = (...parts: readonly Uint8Array[]): Uint8Array => join(...parts, endOfArchive());
const layer = (...entries: readonly TestEntry[]): Uint8Array => tarOf(entries);
const file = (path: string, content = "x"): TestEntry => ({ path, content });
const symlink = (path: string, link: string): TestEntry => ({ path, type: "symlink", link });
const hardLink = (path: string, link: string): TestEntry => ({ path, type: "hardlink", link });
const record = (fields: TarRecord, content = ""): Uint8Array =>
  join(encodeHeader({ size: content.length, ...fields }), padded(bytes(content)));
const pax = (records: Readonly<Record<string, string>>, typeflag = "x"): Uint8Array => {
  const body = encodePax(new Map(Object.entries(records)));
  return join(encodeHeader({ typeflag, name: "PaxHeaders/x", size: body.length }), padded(body));
};
const rawPax = (body: string): Uint8Array => record({ typeflag: "x", name: "PaxHeaders/x" }, body);
const long = (typeflag: "L" | "K", name: string): Uint8Array => record({ typeflag, name: "././@LongLink" }, `${name}\0`);
/** A header with a field overwritten and its checksum right. */
const patched = (fields: TarRecord, offset: number, text: string): Uint8Array =>
  patchedHeader(encodeHeader(fields), offset, text);

const names: readonly HostileStack[] = [
  { what: "parent folders", layers: [layer(file("../../etc/passwd"))], shows: ["etc/passwd"], told: [/`\.\.` in its name/] },
  { what: "deep parent folders", layers: [layer(file(`a/${"../".repeat(500)}x`))], shows: ["x"], told: [/`\.\.`/] },
  { what: "an absolute name", layers: [layer(file("/etc/passwd"))], shows: ["etc/passwd"], told: [/absolute name/] },
  { what: "dots and slashes", layers: [layer(file(".//./a/.//b"))], shows: ["a/b"] },
  {
    what: "names that are no UTF-8, or mean something to a terminal, a shell or a program",
    layers: [
      layer(
        file("caf\xe9"),
        file("caf\xe8"),
        file("a\nb"),
        file("\x1b[31m"),
        file("back\\slash"),
        file("__proto__"),
        file("A"),
        file("a"),
      ),
    ],
    shows: ["A", "\x1b[31m", "__proto__", "a", "a\nb", "back\\slash", "caf\xe8", "caf\xe9"].sort(),
  },
  {
    what: "a name of 255 bytes, and of 300",
    layers: [layer(file("n".repeat(255)), file("m".repeat(300)))],
    shows: ["m".repeat(300), "n".repeat(255)],
  },
  { what: "3.9 kB deep", layers: [layer(file("d/".repeat(1950) + "f"))], shows: ["d/".repeat(1950) + "f"] },
  { what: "a name over the limit", layers: [layer(file("n".repeat(70_000)))], refused: /^tar: a name of 70000 bytes/ },
  {
    what: "an empty name",
    layers: [archive(record({ typeflag: "0", name: "" }, "x"))],
    refused: /^tar: the root folder is replaced/,
  },
  {
    what: "a NUL in a PAX path",
    layers: [archive(pax({ path: "a\0b" }), record({ typeflag: "0", name: "c" }))],
    refused: /^PAX header: .*NUL/,
  },
  {
    what: "a NUL in the name of an attribute",
    layers: [archive(pax({ "SCHILY.xattr.user\0x": "v" }), record({ typeflag: "0", name: "c" }))],
    refused: /^PAX header: .*NUL/,
  },
  {
    what: "a name in PAX and another one in GNU's way",
    layers: [archive(pax({ path: "pax" }), long("L", "gnu"), record({ typeflag: "0", name: "short" }))],
    shows: ["gnu"],
    told: [/two names/],
  },
  {
    what: "a link in PAX and another one in GNU's way",
    layers: [archive(pax({ linkpath: "pax" }), long("K", "gnu"), record({ typeflag: "2", name: "l", linkname: "short" }))],
    shows: ["l"],
    told: [/two names/],
  },
];

const links: readonly HostileStack[] = [
  {
    what: "a symlink out of the image, and a file written through it",
    layers: [layer(symlink("out", "../../../tmp"), file("out/evil"))],
    shows: ["out", "tmp/evil"],
    told: [/below a link of its own layer/],
  },
  {
    what: "the same over two layers",
    layers: [layer(symlink("out", "/tmp")), layer(file("out/evil"))],
    shows: ["out/evil"],
    told: [/below what is no folder/],
  },
  {
    what: "a chain of symlinks, the last one to itself",
    layers: [layer(symlink("a", "b"), symlink("b", "c"), symlink("c", "c"), file("a/x"))],
    shows: ["a", "b", "c/x"],
    told: [/no folder/],
  },
  {
    what: "a hard link to an absolute path",
    layers: [layer(hardLink("h", "/etc/shadow"))],
    shows: ["h"],
    told: [/target is not in the image/],
  },
  {
    what: "a hard link to a parent folder",
    layers: [layer(hardLink("h", "../../etc/shadow"))],
    shows: ["h"],
    told: [/target is not in/],
  },
  {
    what: "a hard link to what comes later",
    layers: [layer(hardLink("h", "f"), file("f"))],
    shows: ["f", "h"],
    told: [/target is not in/],
  },
  { what: "a hard link to itself", layers: [layer(hardLink("h", "h"))], shows: ["h"], told: [/target is not in/] },
  {
    what: "two hard links to each other",
    layers: [layer(hardLink("a", "b"), hardLink("b", "a"))],
    shows: ["a", "b"],
    told: [/target is not in/],
  },
  {
    what: "a hard link to a folder",
    layers: [layer({ path: "d/" }, hardLink("h", "d"))],
    shows: ["d", "h"],
    told: [/link to a folder/],
  },
  {
    what: "a hard link to a lower layer",
    layers: [layer(file("f")), layer(hardLink("h", "f"))],
    shows: ["f", "h"],
    told: [/lower layer/],
  },
  {
    what: "a hard link through a symlink",
    layers: [layer({ path: "d/" }, file("d/f"), symlink("s", "d"), hardLink("h", "s/f"))],
    shows: ["d", "d/f", "h", "s"],
  },
  { what: "the root as a symlink", layers: [layer(symlink(".", "/etc"))], refused: /^tar: the root folder is replaced/ },
  {
    what: "the root as a file",
    layers: [layer(file("a"), { path: "/", type: "file", content: "x" })],
    refused: /^tar: the root folder is replaced/,
  },
  {
    what: "a folder over a symlink",
    layers: [layer(symlink("l", "/etc")), layer({ path: "l/", mode: 0o777 })],
    shows: ["l"],
  },
  {
    what: "a link target over the limit",
    layers: [layer(symlink("l", "t".repeat(70_000)))],
    refused: /^tar: a link target of 70000 bytes/,
  },
];

const markers: readonly HostileStack[] = [
  ...["", ".", ".."].map((hidden) => ({
    what: `a whiteout of ${JSON.stringify(hidden)}`,
    layers: [layer(file("d/a")), layer(file(`d/.wh.${hidden}`))],
    refused: /^tar: a whiteout of "\.*"/,
  })),
  { what: "a whiteout with parent folders", layers: [layer(file("a")), layer(file("x/../.wh.a"))], shows: [], told: [/`\.\.`/] },
  { what: "a whiteout that is a folder", layers: [layer(file("a/b")), layer({ path: ".wh.a/" })], shows: [] },
  { what: "a whiteout that is a symlink", layers: [layer(file("a/b")), layer(symlink(".wh.a", "/etc"))], shows: [] },
  { what: "a whiteout with content", layers: [layer(file("a")), layer(file(".wh.a", "x".repeat(5000)))], shows: [] },
  {
    what: "opaque, first and last",
    layers: [layer(file("d/a"), file("e/a")), layer(file("d/.wh..wh..opq"), file("d/b"), file("e/b"), file("e/.wh..wh..opq"))],
    shows: ["d/b", "e/b"],
  },
  {
    what: "opaque at the root",
    layers: [layer(file("a")), layer(file(".wh..wh..opq"))],
    shows: ["a"],
    told: [/opaque marker at the root/],
  },
  {
    what: "a name and its whiteout in one layer",
    layers: [layer(file("a")), layer(file("a", "new"), file(".wh.a"))],
    shows: ["a"],
    told: [/beside a whiteout/],
  },
  {
    what: "overlay's own attribute",
    layers: [layer(file("d/a")), layer({ path: "d/", xattrs: { "trusted.overlay.opaque": "y" } })],
    shows: ["d", "d/a"],
    told: [/overlay attribute/],
  },
  { what: "AUFS records", layers: [layer({ path: ".wh..wh.plnk/" }, file(".wh..wh.aufs"), file("a"))], shows: ["a"] },
];

const numbers: readonly HostileStack[] = [
  {
    what: "a size in PAX that hides an entry from readers of the header's",
    layers: [
      archive(
        pax({ size: "1024" }),
        patched({ typeflag: "0", name: "outer" }, 124, "00000000010\0"),
        encodeHeader({ typeflag: "0", name: "inner" }),
        new Uint8Array(512),
      ),
    ],
    shows: ["outer"],
  },
  {
    what: "a size in PAX before a long name",
    layers: [archive(pax({ size: "3" }), long("L", "name"), record({ typeflag: "0", name: "short" }, "abc"))],
    shows: ["name"],
    told: [],
  },
  {
    what: "a negative size",
    layers: [archive(patched({ typeflag: "0", name: "f" }, 124, "\xff".repeat(12)))],
    refused: /^tar header: a size of -1 bytes/,
  },
  {
    what: "a size of 2^62",
    layers: [archive(patched({ typeflag: "0", name: "f" }, 124, `\x80\0\0\0\x40${"\0".repeat(7)}`))],
    refused: /^tar header: a size of/,
  },
  {
    what: "a size beyond 2^63",
    layers: [archive(patched({ typeflag: "0", name: "f" }, 124, `\x80${"\xff".repeat(11)}`))],
    refused: /is no number/,
  },
  { what: "a size of garbage", layers: [archive(patched({ typeflag: "0", name: "f" }, 124, "abc"))], refused: /is no number/ },
  {
    what: "a size of 8 TiB that is not there",
    layers: [record({ typeflag: "0", name: "f", size: 8 * 1024 ** 4 })],
    refused: /ends in the middle of a file/,
  },
  {
    what: "a wrong checksum",
    layers: [join(layer(file("a")).subarray(0, 1024), bytes("x".repeat(512)))],
    refused: /^tar header: .* near "a"/,
  },
  {
    what: "a PAX header of more than 1 MiB",
    layers: [archive(rawPax(`1100000 comment=${"c".repeat(1_099_983)}\n`), record({ typeflag: "0", name: "f" }))],
    refused: /special header of 1100000 bytes/,
  },
  {
    what: "a PAX record that counts wrong",
    layers: [archive(rawPax("8 path=a\n5 b=\n"), record({ typeflag: "0", name: "f" }))],
    refused: /^PAX header: a record/,
  },
  {
    what: "a PAX record without a keyword",
    layers: [archive(rawPax("6 =ab\n"), record({ typeflag: "0", name: "f" }))],
    refused: /^PAX header/,
  },
  {
    what: "a sparse map of a billion regions",
    layers: [
      archive(
        pax({ "GNU.sparse.size": "9", "GNU.sparse.numblocks": "1000000000", "GNU.sparse.map": "0,1" }),
        record({ typeflag: "0", name: "f" }, "x"),
      ),
    ],
    refused: /^sparse map: 2 numbers for 1000000000 regions/,
  },
  {
    what: "sparse regions over each other",
    layers: [
      archive(
        pax({ "GNU.sparse.size": "9", "GNU.sparse.numblocks": "2", "GNU.sparse.map": "4,2,0,2" }),
        record({ typeflag: "0", name: "f" }, "xxxx"),
      ),
    ],
    refused: /^sparse map: region 0\+2 of a file of 9 bytes/,
  },
  {
    what: "a hole of 8 TiB",
    layers: [
      archive(
        pax({ "GNU.sparse.size": String(8 * 1024 ** 4), "GNU.sparse.numblocks": "1", "GNU.sparse.map": "0,1" }),
        record({ typeflag: "0", name: "f" }, "x"),
      ),
    ],
    shows: ["f"],
  },
  {
    what: "devices, setuid, odd owners and times",
    layers: [
      archive(
        record({ typeflag: "3", name: "d", devmajor: 1, devminor: 3 }),
        record({ typeflag: "0", name: "s", mode: 0o6777, uid: 2 ** 31 + 5, mtime: -1.5 }),
        record({ typeflag: "6", name: "p" }),
      ),
    ],
    shows: ["d", "p", "s"],
  },
  {
    what: "unknown types",
    layers: [archive(record({ typeflag: "V", name: "v" }, "label"), record({ typeflag: "7", name: "c" }, "x"))],
    shows: ["c", "v"],
    told: [/unknown type "V"/],
  },
  {
    what: "folders and links with a size",
    layers: [
      archive(
        patched({ typeflag: "5", name: "d/" }, 124, "00000001000\0"),
        patched({ typeflag: "2", name: "l", linkname: "d" }, 124, "00000001000\0"),
        record({ typeflag: "0", name: "f" }),
      ),
    ],
    shows: ["d", "f", "l"],
  },
];

const ends: readonly HostileStack[] = [
  { what: "cut off in a header", layers: [layer(file("a")).subarray(0, 300)], refused: /middle of a header/ },
  {
    what: "cut off in content",
    layers: [layer(file("a", "x".repeat(600))).subarray(0, 1000)],
    refused: /middle of a file .* near "a"/,
  },
  { what: "no end", layers: [layer(file("a")).subarray(0, 1024)], shows: ["a"] },
  { what: "half an end", layers: [layer(file("a")).subarray(0, 1536)], shows: ["a"] },
  {
    what: "half an end with more after it",
    layers: [join(layer(file("a")).subarray(0, 1536), layer(file("b")))],
    refused: /lone block of zeros/,
  },
  { what: "garbage after the end", layers: [join(layer(file("a")), bytes("garbage"))], shows: ["a"] },
  { what: "another archive after the end", layers: [join(layer(file("a")), layer(file("b")))], shows: ["a"] },
  { what: "no tar at all", layers: [bytes("<html>".repeat(300))], refused: /^tar header/ },
  {
    what: "names twice, of other types",
    layers: [layer(file("a"), { path: "a/" }, symlink("a", "x"))],
    shows: ["a"],
    told: [/stored twice/],
  },
];

/** Stacks of every class of reliability's list of malicious archives that concerns a reader. */
export const hostileStacks: readonly HostileStack[] = [...names, ...links, ...markers, ...numbers, ...ends];
