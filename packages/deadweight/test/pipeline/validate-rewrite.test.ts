import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createFacts, type Facts } from "../../src/contracts/fact.ts";
import type { EntryEdit } from "../../src/contracts/transform.ts";
import { validateRewrite } from "../../src/pipeline/validate-rewrite.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { editsOf, entryAt, linesOf } from "../support/rewritten.ts";

const settings = { Env: ["A=1"], Labels: { a: "b" } };

function imageOf(layers: readonly (readonly TestEntry[])[], config: Readonly<Record<string, unknown>> = {}): Facts {
  const facts = factsOf(layers);
  const whole = { os: "linux", config: settings, rootfs: { type: "layers", diff_ids: facts.image.config.diffIds }, ...config };
  return createFacts({ ...facts, image: { ...facts.image, configBytes: Buffer.from(JSON.stringify(whole)) } });
}

/** What is wrong with `after`, when these edits of `before` were planned. */
function wrong(
  before: readonly (readonly TestEntry[])[],
  after: readonly (readonly TestEntry[])[],
  edits: Readonly<Record<string, EntryEdit>> = {},
): readonly string[] {
  const old = imageOf(before);
  return linesOf(validateRewrite(old, imageOf(after), { edits: editsOf(old, edits), isRecompressed: false }));
}

const a: TestEntry = { path: "a", content: "one" };
const b: TestEntry = { path: "b", content: "two" };
const remove: EntryEdit = { action: "remove" };

test("an image that was not changed keeps everything", () => {
  const layers = [[{ path: "d/" }, a, { path: "d/l", type: "symlink", link: "../a" } as const], [b]];
  assert.deepEqual(wrong(layers, layers), []);
});

test("a path that was to go is gone, and no other", () => {
  assert.deepEqual(wrong([[a, b]], [[b]], { "0 a": remove }), []);
  assert.deepEqual(wrong([[a, b]], [[]], { "0 a": remove }), ["path b: file | nothing"]);
  assert.deepEqual(wrong([[a, b]], [[a]], { "0 a": remove }), ["path a: nothing | file", "path b: file | nothing"]);
  assert.deepEqual(wrong([[a]], [[a, b]], { "0 a": { action: "rewrite", content: Buffer.from("one") } }), [
    "path b: nothing | file",
  ]);
});

test("an older file that a removed one had hidden does not come back", () => {
  const old: TestEntry = { path: "a", content: "old" };
  assert.deepEqual(wrong([[old], [a]], [[], []], { "0 a": remove, "1 a": remove }), []);
  const back = wrong([[old], [a]], [[old], []], { "1 a": remove });
  assert.match(back.join(), /^content a: 3 7692c3.* \| 3 /);
  assert.deepEqual(wrong([[old], [a]], [[old], [{ path: ".wh.a" }]], { "1 a": { action: "hide" } }), []);
  assert.deepEqual(wrong([[a], [a]], [[a], []], { "1 a": { action: "hide" } }), ["path a: nothing | file"]);
});

test("a copy that only changed its owner may go when the lower one takes it", () => {
  const owned: TestEntry = { ...a, uid: 7 };
  const old = imageOf([[a], [owned]]);
  const edits = new Map<number, EntryEdit>([
    [entryAt(old, 0, "a"), { action: "take-attributes", of: entryAt(old, 1, "a") }],
    [entryAt(old, 1, "a"), remove],
  ]);
  const checked = (layers: readonly (readonly TestEntry[])[]): readonly string[] =>
    linesOf(validateRewrite(old, imageOf(layers), { edits, isRecompressed: false }));
  assert.deepEqual(checked([[owned], []]), []);
  assert.deepEqual(checked([[a], []]), ["owner a: 7:0 | 0:0"]);
  assert.deepEqual(checked([[], []]), ["path a: file | nothing"]);
});

test("each attribute is compared, with both values", () => {
  const file: TestEntry = { ...a, mode: 0o4755, uid: 1, gid: 2, mtime: 5, xattrs: { "user.x": "y" } };
  const touched: Readonly<Record<string, EntryEdit>> = { "0 b": remove };
  const with_ = (changes: Partial<TestEntry>): readonly string[] => wrong([[file, b]], [[{ ...file, ...changes }]], touched);
  assert.deepEqual(with_({}), []);
  assert.deepEqual(with_({ mode: 0o755 }), ["mode a: 4755 | 0755"]);
  assert.deepEqual(with_({ gid: 3 }), ["owner a: 1:2 | 1:3"]);
  assert.deepEqual(with_({ mtime: 6 }), ["mtime a: 5 | 6"]);
  assert.deepEqual(with_({ xattrs: { "user.x": "z" } }), ['attributes a: [["user.x","y"]] | [["user.x","z"]]']);
  assert.match(with_({ content: "two" }).join(), /^content a: 3 7692c3.* \| 3 3fc4cc/);
  assert.match(with_({ type: "symlink", link: "b", content: "" }).join(), /content a: 3 7692c3\w+ \| symlink b$/);
});

test("new content is that of the plan", () => {
  const edits: Readonly<Record<string, EntryEdit>> = { "0 a": { action: "rewrite", content: Buffer.from("two") } };
  assert.deepEqual(wrong([[a]], [[{ ...a, content: "two" }]], edits), []);
  assert.match(wrong([[a]], [[a]], edits).join(), /^content a: 3 3fc4cc\w+ \| 3 7692c3\w+$/);
});

test("names of one file stay one file, and become one where that was planned", () => {
  const link: TestEntry = { path: "l", type: "hardlink", link: "a" };
  const copy: TestEntry = { path: "l", content: "one" };
  const b3 = [a, link, b];
  assert.deepEqual(wrong([b3], [[a, link]], { "0 b": remove }), []);
  assert.deepEqual(wrong([b3], [[a, copy]], { "0 b": remove }), ["link-group l: one with a | one with l"]);
  assert.deepEqual(wrong([[a, copy, b]], [[a, link]], { "0 b": remove }), ["link-group l: one with l | one with a"]);
  const old = imageOf([[a, copy]]);
  const edits = new Map<number, EntryEdit>([[entryAt(old, 0, "l"), { action: "link", to: entryAt(old, 0, "a") }]]);
  assert.deepEqual(validateRewrite(old, imageOf([[a, link]]), { edits, isRecompressed: false }), []);
});

test("a name that was to come to a lower layer as a link is there, with the folder above it as it was", () => {
  const folder: TestEntry = { path: "d/", mode: 0o700 };
  const before = [[a], [folder, { ...a, path: "d/l" }], [b]];
  const old = imageOf(before);
  const edits = new Map<number, EntryEdit>([
    [entryAt(old, 1, "d/l"), { action: "link-below", to: entryAt(old, 0, "a"), folders: [entryAt(old, 1, "d")] }],
  ]);
  const broken = (after: readonly (readonly TestEntry[])[]): readonly string[] =>
    linesOf(validateRewrite(old, imageOf(after), { edits, isRecompressed: false }));
  const link: TestEntry = { path: "d/l", type: "hardlink", link: "a" };
  assert.deepEqual(broken([[a, folder, link], [folder], [b]]), []);
  assert.deepEqual(broken([[a, { path: "d/" }, link], [], [b]]), ["mode d: 0700 | 0755"]);
  assert.deepEqual(broken([[a], [folder], [b]]), ["path d/l: file | nothing"]);
  assert.deepEqual(broken([[a, folder, { ...a, path: "d/l" }], [folder], [b]]), ["link-group d/l: one with a | one with d/l"]);
});

test("the name that stays carries the content of the one that goes", () => {
  const link: TestEntry = { path: "l", type: "hardlink", link: "a" };
  assert.deepEqual(wrong([[a, link]], [[{ ...a, path: "l" }]], { "0 a": remove }), []);
  assert.match(wrong([[a, link]], [[link]], { "0 a": remove }).join(), /content l: 3 7692c3\w+ \| hardlink/);
});

test("a folder goes with all that is below it, or stays", () => {
  const folder = [{ path: "d/" }, { path: "d/x", content: "x" }];
  assert.deepEqual(wrong([folder], [[]], { "0 d": remove, "0 d/x": remove }), []);
  assert.deepEqual(wrong([folder], [[{ path: "d/x", content: "x" }]], { "0 d": remove }), [
    "path d: nothing | a folder that nothing stores, of files that stay",
  ]);
});

test("layers without an edit are the same layers, and no layer is gone", () => {
  assert.deepEqual(wrong([[a], [b]], [[], [b]], { "0 a": remove }), []);
  assert.deepEqual(wrong([[a], [b]], [[b]], { "0 a": remove }), ["untouched-layer : 2 | 1"]);
  const reordered = wrong([[{ path: "d/" }, a], [b]], [[a, { path: "d/" }], [b]], {
    "1 b": { action: "rewrite", content: Buffer.from("two") },
  });
  assert.match(reordered.join(), /^untouched-layer : sha256:\w{64} \| sha256:\w{64}$/);
});

test("the config is the same but for diffIds, history and labels of ours", () => {
  const before = imageOf([[a]]);
  const checked = (config: Readonly<Record<string, unknown>>): readonly string[] =>
    linesOf(validateRewrite(before, imageOf([[a]], config), { edits: new Map(), isRecompressed: false }));
  assert.deepEqual(checked({ history: [{ created_by: "x" }] }), []);
  assert.deepEqual(checked({ config: { ...settings, Labels: { a: "b", "dev.deadweight.level": "lossless" } } }), []);
  assert.deepEqual(checked({ config: { ...settings, Labels: {} } }), ['config : "b" | nothing']);
  assert.deepEqual(checked({ config: { ...settings, Labels: { a: "b", c: "d" } } }), ['config : nothing | "d"']);
  assert.deepEqual(checked({ config: { ...settings, Env: ["A=2"] } }), ['config : ["A=1"] | ["A=2"]']);
  assert.deepEqual(checked({ created: "now" }), ['config : nothing | "now"']);
});

test("content that is cut must be what was summed, under every name, and nothing else of the file may differ", () => {
  const link: TestEntry = { path: "l", type: "hardlink", link: "a" };
  const other: TestEntry = { path: "z", content: "one" };
  const old = imageOf([[a, link, other]]);
  const [file, copy] = [entryAt(old, 0, "a"), entryAt(old, 0, "z")];
  const edits = new Map<number, EntryEdit>([
    [file, { action: "cut-content", pieces: [{ start: 0, end: 2 }], size: 2 }],
    [copy, { action: "link", to: file }],
  ]);
  const sums = new Map([[file, { sha256: createHash("sha256").update("on").digest("hex"), md5: "", md5Before: "" }]]);
  const checked = (entries: readonly TestEntry[]): readonly string[] =>
    linesOf(validateRewrite(old, imageOf([entries]), { edits, isRecompressed: false, sums })).map(
      (line) => line.split(":")[0] ?? "",
    );
  const cut: TestEntry = { path: "a", content: "on" };
  const copied: TestEntry = { path: "z", type: "hardlink", link: "a" };
  assert.deepEqual(checked([cut, link, copied]), []);
  assert.deepEqual(checked([a, link, copied]), ["content l", "content a", "content z"].sort());
  assert.deepEqual(checked([{ ...cut, content: "no" }, link, copied]).length, 3);
  assert.deepEqual(
    checked([
      { ...cut, mode: 0o600 },
      { ...link, mode: 0o600 },
      { ...copied, mode: 0o600 },
    ]).includes("mode a"),
    true,
  );
  assert.throws(() => validateRewrite(old, imageOf([[cut]]), { edits, isRecompressed: false }), /was not summed/);
});
