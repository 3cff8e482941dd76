import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { EntryEdit } from "../../../src/contracts/transform.ts";
import { sha256 } from "../../support/archived-image.ts";
import { indexOf, tarOf, type TestEntry } from "../../support/layers.ts";
import { readTar, type ReadEntry } from "../../support/tar-reading.ts";
import { editLayer } from "./edited-layer.ts";

/*
 * A second, slow way to say what edits of a layer mean: names that lead to files, as a file system has them. Random layers with
 * random edits are compared with it, and with the rules that engines make for archives.
 */

interface Node {
  readonly kind: string;
  content: string;
  attributes: string;
}

interface Names {
  readonly nodes: Map<string, Node>;
  readonly markers: Set<string>;
}

const folders = ["", "a/", "b/", "b/c/"];
const noAttributes = { mode: 0o644, uid: 0, mtime: 1 };

interface Choice {
  readonly kind: "file" | "hardlink" | "symlink" | "whiteout" | "opaque";
  readonly folder: number;
  readonly text: number;
  readonly target: number;
  readonly mode: number;
}

const choices = fc.array(
  fc.record<Choice>({
    kind: fc.constantFrom("file", "file", "hardlink", "hardlink", "symlink", "whiteout", "opaque"),
    folder: fc.nat(folders.length - 1),
    text: fc.nat(2),
    target: fc.nat(30),
    mode: fc.constantFrom(0o644, 0o755),
  }),
  { minLength: 1, maxLength: 14 },
);

/** A layer that engines take: parents first, links behind their targets and like them, no name twice. */
function layerOf(chosen: readonly Choice[], prefix: string): TestEntry[] {
  const entries: TestEntry[] = [];
  const stored = new Set<string>();
  const linkable: TestEntry[] = [];
  const files: TestEntry[] = [];
  for (const [number, { kind, folder, text, target, mode }] of chosen.entries()) {
    const parent = folders[folder] ?? "";
    for (const up of folders.slice(1)) {
      if (!parent.startsWith(up) || stored.has(up)) continue;
      entries.push({ path: `${prefix}${up}`, mode: 0o700 + number, mtime: 1 });
      stored.add(up);
    }
    const path = `${parent}n${number}`;
    const entry = made(path);
    if (entry === undefined || stored.has(entry.path)) continue;
    stored.add(entry.path);
    entries.push({ ...entry, path: `${prefix}${entry.path}` });
    if (entry.type === undefined) files.push(entry);
    if (["file", "hardlink", "symlink"].includes(entry.type ?? "file")) linkable.push({ ...entry, path });

    function made(path: string): TestEntry | undefined {
      if (kind === "file") return { path, content: "x".repeat(700 * text) + String(text), ...noAttributes, mode };
      if (kind === "symlink") return { path, type: kind, link: `t${text}`, ...noAttributes };
      if (kind === "whiteout") return { path: path.replace(/n(\d+)$/, ".wh.w$1"), type: kind, mode: 0, mtime: 1 };
      if (kind === "opaque") return parent === "" ? undefined : { path: `${parent}.wh..wh..opq`, type: kind, mode: 0, mtime: 1 };
      const to = linkable[target % Math.max(1, linkable.length)];
      return to === undefined
        ? undefined
        : { path, type: kind, link: `${prefix}${to.path}`, mode: to.mode ?? 0, uid: 0, mtime: 1 };
    }
  }
  return entries;
}

type Draw = readonly [kind: number, other: number];

/** Edits that a plan could hold: of what is there, links between equal files that stay what they are. */
function editsOf(entries: readonly TestEntry[], draws: readonly Draw[]): Map<number, EntryEdit> {
  const edits = new Map<number, EntryEdit>();
  const isRewritten = (place: number): boolean => draws[place % draws.length]?.[0] === 5;
  for (const [place, entry] of entries.entries()) {
    const [kind, other] = draws[place % draws.length] ?? [0, 0];
    const isMarker = entry.type === "whiteout" || entry.type === "opaque";
    const equal = entries.findLastIndex((one, at) => at !== place && !isRewritten(at) && areEqualFiles(one, entry));
    if (kind === 1) edits.set(place, { action: "remove" });
    else if (kind === 2 && !isMarker) edits.set(place, { action: "hide" });
    else if (kind === 3 && equal >= 0) edits.set(place, { action: "link", to: equal });
    else if (kind === 4 && !isMarker) edits.set(place, { action: "take-attributes", of: other % entries.length });
    else if (isRewritten(place) && (isFile(entry) || entry.type === "hardlink"))
      edits.set(place, isFile(entry) && other % 2 === 1 ? cutOf(entry, other) : rewriteOf(other));
  }
  return edits;
}

function rewriteOf(other: number): EntryEdit & { readonly action: "rewrite" } {
  return { action: "rewrite", content: Buffer.from(`new ${other}`.repeat(100)) };
}

/** Bytes before, between and behind ranges of the content. */
function cutOf(entry: TestEntry, other: number): EntryEdit {
  const { length } = Buffer.from(entry.content ?? "");
  const [from, to] = [Math.floor(length / 3), Math.floor(length / 2)];
  const added = Buffer.from(`added ${other}`);
  const ranges = [
    { start: 0, end: from },
    { start: to, end: length },
  ].filter(({ start, end }) => start < end);
  const pieces = [{ bytes: added }, ...ranges.flatMap((range) => [range, { bytes: added }])];
  const kept = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  return { action: "cut-content", pieces, size: kept + added.length * (ranges.length + 1) };
}

/** The content that an edit gives to an entry. */
function newContent(edit: EntryEdit, content: Buffer): Buffer | undefined {
  if (edit.action === "rewrite") return Buffer.from(edit.content);
  if (edit.action !== "cut-content") return undefined;
  return Buffer.concat(
    edit.pieces.map((piece) =>
      "bytes" in piece ? piece.bytes : "zeros" in piece ? Buffer.alloc(piece.zeros) : content.subarray(piece.start, piece.end),
    ),
  );
}

function areEqualFiles(one: TestEntry, other: TestEntry): boolean {
  return isFile(one) && isFile(other) && one.content === other.content && one.mode === other.mode;
}

function isFile(entry: TestEntry): boolean {
  return (entry.type ?? "file") === "file" && !entry.path.endsWith("/");
}

/** What the layer's names lead to after the edits. */
function expected(
  entries: readonly ReadEntry[],
  edits: ReadonlyMap<number, EntryEdit>,
  contentOf: (place: number) => Buffer,
): Names {
  const { nodes, markers } = namesOf(entries);
  const paths = entries.map((entry) => plain(entry.name));
  const folders = new Map([...nodes].filter(([, { kind }]) => kind === "folder"));
  const joined = new Map<Node, Node>();
  const file = (node: Node): Node => {
    const next = joined.get(node);
    return next === undefined ? node : file(next);
  };
  const at = (place: number): Node => file(nodes.get(paths[place] ?? "") ?? assert.fail(`nothing at ${paths[place]}`));
  for (const [place, edit] of edits) if (edit.action === "link" && at(place) !== at(edit.to)) joined.set(at(place), at(edit.to));
  for (const [path, node] of nodes) nodes.set(path, file(node));
  for (const [place, edit] of edits) {
    const path = paths[place] ?? "";
    if (edit.action === "remove") markers.delete(path);
    if (edit.action === "remove" || edit.action === "hide") nodes.delete(path);
    const content = newContent(edit, contentOf(place));
    if (content === undefined) continue;
    if (entries[place]?.typeflag === "1")
      nodes.set(path, { kind: "file", content: sha256(content), attributes: attributesOf(entries[place]) });
    else at(place).content = sha256(content);
  }
  const taken = new Set<Node>();
  for (const [place, edit] of [...edits].sort(([one], [other]) => one - other)) {
    if (edit.action !== "take-attributes" || taken.has(at(place))) continue;
    taken.add(at(place));
    at(place).attributes = attributesOf(entries[edit.of]);
  }
  const hidden = [...edits].flatMap(([place, edit]) => (edit.action === "hide" ? [paths[place] ?? ""] : []));
  for (const path of hidden.sort()) hide(path);
  return { nodes, markers };

  /** A whiteout, unless something below stays, or a folder above has one. */
  function hide(path: string): void {
    const folder = folders.get(path);
    const hasBelow = [...nodes.keys(), ...markers].some((name) => name.startsWith(`${path}/`));
    if (hasBelow) {
      if (folder !== undefined) nodes.set(path, folder);
      markers.add(`${path}/.wh..wh..opq`);
    } else if (!whiteoutsAbove(path).some((name) => markers.has(name))) markers.add(whiteoutsAbove(path)[0] ?? "");
  }
}

/** The whiteouts that would hide a path: its own, and those of the folders above it. */
function whiteoutsAbove(path: string): readonly string[] {
  const names = path.split("/");
  return names.map((_, up) => {
    const above = names.slice(0, names.length - up);
    return [...above.slice(0, -1), `.wh.${above.at(-1)}`].join("/");
  });
}

/** What the names of an archive lead to. Fails where an archive breaks a rule that engines make. */
function namesOf(entries: readonly ReadEntry[]): Names {
  const nodes = new Map<string, Node>();
  const markers = new Set<string>();
  for (const entry of entries) {
    const path = plain(entry.name);
    assert.ok(!nodes.has(path) && !markers.has(path), `W1: ${path} is there twice`);
    assert.ok(["0", "1", "2", "5"].includes(entry.typeflag), `W11: type ${entry.typeflag}`);
    const kind = entry.typeflag === "2" ? "symlink" : entry.typeflag === "5" ? "folder" : "file";
    const own = { kind, content: entry.typeflag === "0" ? entry.sha256 : entry.linkname, attributes: attributesOf(entry) };
    const node = entry.typeflag === "1" ? nodes.get(plain(entry.linkname)) : own;
    assert.ok(node !== undefined, `W4: ${path} leads to ${entry.linkname}, which is not before it`);
    assert.equal(node.attributes, attributesOf(entry), `W7: ${path} and its target`);
    assert.ok(entry.typeflag === "0" || entry.size === 0, `W9: ${path} has a size`);
    if (/(?:^|\/)\.wh\.[^/]*$/.test(path)) markers.add(path);
    else nodes.set(path, node);
  }
  return { nodes, markers };
}

/** Whiteouts stand alone (W2), folders before what lies in them (W8). */
function checkNames(entries: readonly ReadEntry[]): void {
  const paths = entries.map((entry) => plain(entry.name));
  for (const [place, path] of paths.entries()) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const folderPlace = folder === "" ? -1 : paths.indexOf(folder);
    assert.ok(folderPlace < place, `W8: ${folder} behind ${path}`);
    if (!name.startsWith(".wh.") || name === ".wh..wh..opq") continue;
    const hidden = path.slice(0, path.length - name.length) + name.slice(4);
    const beside = paths.find((other) => other === hidden || other.startsWith(`${hidden}/`));
    assert.equal(beside, undefined, `W2: ${path} beside ${beside}`);
  }
}

/** The names in order, those of one file with the same number. */
function described({ nodes, markers }: Names): readonly string[] {
  const numbers = new Map<Node, number>();
  const lines = [...nodes]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, node]) => {
      if (!numbers.has(node)) numbers.set(node, numbers.size);
      return `${path} = file ${numbers.get(node)}: ${node.kind} ${node.attributes} ${node.content}`;
    });
  return [...lines, ...[...markers].sort()];
}

/** I3: what no edit concerns, nor the file that it is a name of, has the bytes that it had. */
function checkBytes(before: Uint8Array, after: Uint8Array, edits: ReadonlyMap<number, EntryEdit>): void {
  const { entries } = readTar(before);
  const { nodes } = namesOf(entries);
  const touched = new Set<unknown>();
  for (const [place, edit] of edits) {
    touched.add(nodes.get(plain(entries[place]?.name ?? "")));
    if (edit.action === "link") touched.add(nodes.get(plain(entries[edit.to]?.name ?? "")));
  }
  const spans = spansOf(after);
  for (const [place, [path, bytes]] of [...spansOf(before)].entries()) {
    // Folders may move; the model has compared what they are.
    if (edits.has(place) || touched.has(nodes.get(path)) || nodes.get(path)?.kind === "folder") continue;
    assert.deepEqual(spans.get(path), bytes, path);
  }
}

function spansOf(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const { starts } = indexOf(archive, []);
  const { entries } = readTar(archive);
  return new Map(entries.map((entry, place) => [plain(entry.name), archive.subarray(starts[place], starts[place + 1])]));
}

function attributesOf(entry: ReadEntry | undefined): string {
  return entry === undefined ? "" : `${entry.uid}:${entry.gid} ${entry.mode.toString(8)} ${entry.mtime}`;
}

function plain(name: string): string {
  return name.replace(/^\.\//, "").replace(/\/$/, "");
}

const draws = fc.array(fc.tuple(fc.nat(7), fc.nat(30)), { minLength: 1, maxLength: 20 });

test("random edits of random layers: names, files and attributes are as a model says, all else keeps its bytes", () => {
  fc.assert(
    fc.property(choices, draws, fc.boolean(), (chosen, drawn, isDotted) => {
      const layer = layerOf(chosen, isDotted ? "./" : "");
      const edits = editsOf(layer, drawn);
      const archive = tarOf(layer);
      const after = editLayer(archive, edits);
      const { entries, error } = readTar(after);
      assert.equal(error, "");
      const model = expected(readTar(archive).entries, edits, (place) => Buffer.from(layer[place]?.content ?? ""));
      assert.deepEqual(described(namesOf(entries)), described(model));
      checkNames(entries);
      checkBytes(archive, after, edits);
    }),
    { numRuns: 2000 },
  );
});

test("the pieces that a layer comes in make no difference", () => {
  fc.assert(
    fc.property(choices, draws, fc.integer({ min: 1, max: 3000 }), (chosen, drawn, pieceBytes) => {
      const layer = layerOf(chosen, "");
      const edits = editsOf(layer, drawn);
      assert.deepEqual(editLayer(tarOf(layer), edits, pieceBytes), editLayer(tarOf(layer), edits));
    }),
    { numRuns: 200 },
  );
});
