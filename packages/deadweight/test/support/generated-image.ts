import { createHash } from "node:crypto";
import * as fc from "fast-check";
import type { TestEntry } from "./layers.ts";
import { debugging, linkedElf } from "./linked-elf.ts";

const folders = ["d/", "d/e/", "tmp/", "root/.cache/pip/http-v2/"];
const names = ["a", "b", "d/a", "d/b", "d/e/a", "tmp/x", "root/.cache/pip/http-v2/w.body"];
const library = linkedElf(debugging);
const plain = ["", "one", Buffer.alloc(5000, "copy"), Buffer.alloc(5000, "other")];

const attributes = fc.record({
  mode: fc.constantFrom(0o644, 0o600),
  uid: fc.constantFrom(0, 7),
  mtime: fc.constantFrom(1_700_000_000, 1_700_000_001),
  xattrs: fc.constantFrom({}, { "user.x": "y" }),
});

const file = fc.record({ path: fc.constantFrom(...names), content: fc.constantFrom(...plain, library, library) });
// What is stored under a hidden name is cut by a second run alone, once the first has moved it to a visible one.
const linkable = fc.record({ path: fc.constantFrom(...names), content: fc.constantFrom(...plain) });
const digest = createHash("sha256").update(library).digest("base64url");

/** Lists of packages, with sums of what may be cut. */
const record = fc.constantFrom(
  {
    path: "d/p-1.dist-info/RECORD",
    content: ["a", "b", "e/a"].map((path) => `${path},sha256=${digest},${library.length}\n`).join(""),
  },
  { path: "var/lib/dpkg/info/p.md5sums", content: ["a", "d/b", "l"].map((path) => `${"0".repeat(32)}  ${path}\n`).join("") },
);
const folder = fc.record({ path: fc.constantFrom(...folders) });
const symlink = fc.record({
  path: fc.constantFrom(...names),
  type: fc.constant("symlink" as const),
  link: fc.constantFrom("a", "/d/b", "e"),
});
const whiteout = fc.record({ path: fc.constantFrom(".wh.a", "d/.wh.a", ".wh.d", "tmp/.wh.x", "d/.wh..wh..opq", "d/e/.wh.a") });
const opaque = fc.record({ path: fc.constantFrom("d/.wh..wh..opq", "tmp/.wh..wh..opq") });

/** A second name, with the attributes of the first. */
const linked = fc
  .tuple(linkable, fc.constantFrom("l", "d/l", "a"), attributes)
  .map(([first, name, own]): readonly TestEntry[] => {
    const one = { ...first, ...own };
    return first.path === name ? [one] : [one, { ...own, path: name, type: "hardlink", link: first.path }];
  });

const single = fc
  .tuple(fc.oneof(file, file, file, record, folder, symlink, whiteout, opaque), attributes)
  .map(([entry, own]): readonly TestEntry[] => [{ ...own, ...entry }]);

/** The same file in a folder that layers store with their own attributes, or with none. */
const copied = fc
  .record({
    folder: fc.constantFrom("c", "c/f"),
    name: fc.constantFrom("v", "w", "x", "y"),
    mode: fc.constantFrom(0o755, 0o700),
    isStored: fc.boolean(),
  })
  .map(({ folder, name, mode, isStored }): readonly TestEntry[] => [
    ...(isStored ? [{ path: "c/", mode }, ...(folder === "c" ? [] : [{ path: `${folder}/`, mode }])] : []),
    { path: `${folder}/${name}`, content: Buffer.alloc(6000, "copied") },
  ]);

/** A layer that may hold anything but the same path twice. */
const layer = fc
  .array(fc.oneof({ weight: 4, arbitrary: single }, { weight: 1, arbitrary: linked }, { weight: 1, arbitrary: copied }), {
    maxLength: 7,
  })
  .map((groups) => {
    const entries = [...new Map(groups.flat().map((entry) => [entry.path.replace(/\/$/, ""), entry])).values()];
    const targets = new Set(entries.map(({ link = "" }) => link));
    return entries.map((entry) => (targets.has(entry.path) && entry.content === library ? { ...entry, content: "one" } : entry));
  });

/** A layer by its entries, and how it is compressed. */
export interface GeneratedLayer {
  readonly entries: readonly TestEntry[];
  readonly compression: "none" | "gzip" | "zstd";
}

/** Layers of an image, lowest first, each compressed in one way or another; among the entries is much of what transforms look for. */
export const generatedLayers: fc.Arbitrary<readonly GeneratedLayer[]> = fc.array(
  fc.record({ entries: layer, compression: fc.constantFrom("none", "gzip", "zstd") }),
  { minLength: 1, maxLength: 4 },
);
