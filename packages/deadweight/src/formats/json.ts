import { defineFormat, type Format } from "../contracts/format.ts";
import { printableJson } from "../lib/printable.ts";
import type { Report } from "../model/report.ts";

/** The report as it is, docs/report-schema.md: its fields in one order, and no raw control, bidi or invisible character. */
export const json: Format = defineFormat({
  name: "json",
  endings: [".json"],
  summary: "for programs: the whole report, docs/report-schema.md",
  render: (report) => [...partsOf(report)].join(""),
  parts: partsOf,
});

/** Objects that hold arrays of any length are walked; the rest is small, and made a text at once. */
const walked = new Set(["", "outcomes", "findings"]);
const partLength = 64 * 1024;

/** The text in pieces of some 64 KiB: that of a large image is tens of megabytes. */
function* partsOf(report: Report): Generator<string> {
  let part = "";
  for (const text of texts(report, "", "\n")) {
    part += text;
    if (part.length < partLength) continue;
    yield printableJson(part);
    part = "";
  }
  yield `${printableJson(part)}\n`;
}

/** What JSON.stringify gives with two spaces; `newline` has the indentation of the line that the value begins in. */
function* texts(value: unknown, holder: string, newline: string): Generator<string> {
  const isWalked = Array.isArray(value) ? value.length > 0 : value instanceof Object && walked.has(holder);
  if (!isWalked) {
    yield JSON.stringify(inOrder(value, holder), undefined, 2).replaceAll("\n", newline);
    return;
  }
  const inner = `${newline}  `;
  let before = Array.isArray(value) ? "[" : "{";
  for (const { label, item, name } of members(value as object, holder)) {
    yield `${before}${inner}${label}`;
    yield* texts(item, name, inner);
    before = ",";
  }
  yield `${newline}${Array.isArray(value) ? "]" : "}"}`;
}

interface Member {
  readonly label: string;
  readonly item: unknown;
  /** The field that holds the item. */
  readonly name: string;
}

function* members(value: object, holder: string): Generator<Member> {
  if (Array.isArray(value)) for (const item of value) yield { label: "", item, name: holder };
  else
    for (const [name, item] of ordered(value, holder))
      if (item !== undefined) yield { label: `${JSON.stringify(name)}: `, item, name };
}

/** The fields of an object by the field that holds it, in the order in which they are documented. */
const fields = new Map(
  Object.entries({
    "": "schemaVersion tool image indexDigest level result before predicted after platforms changes omissions notes totals reclaimable baseImage layers components outcomes gpus problems",
    tool: "name version",
    image: "reference digest platform",
    platform: "os architecture variant",
    totals: "layers files contentBytes tarBytes compressedBytes reclaimableBytes reclaimableCompressedBytes",
    reclaimable: "safety bytes compressedBytes",
    baseImage: "layers evidence",
    layers: "index digest diffId mediaType tarBytes compressedBytes files instruction base",
    components: "kind name version origin tarBytes compressedBytes files layers",
    outcomes: "rule status reason findings",
    findings: "message safety remedy bytes compressedBytes claims",
    claims: "location bytes compressedBytes basis entries base",
    gpus: "files targets isNamed cuda pytorch",
    targets: "capability name cubin ptx none without pytorch pytorchInstead",
    cuda: "version sources isUsed minimumDriver toolkitDriver",
    pytorch: "version cuda capabilities basis",
    problems: "location message",
    location: "layer path offset",
    result: "reference digest isCopy isValidated",
    before: "tarBytes compressedBytes",
    predicted: "tarBytes compressedBytes",
    after: "tarBytes compressedBytes",
    platforms: "platform digest before predicted after resultDigest",
    changes: "transform action platform layer path bytesBefore bytesAfter reason",
    omissions: "digest reason",
  }).map(([holder, names]) => [holder, names.split(" ")]),
);

/** A copy whose fields stand in the documented order; a field that is not documented comes last. */
function inOrder(value: unknown, holder: string): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(item, holder));
  if (typeof value !== "object" || value === null || isInOrder(value, holder)) return value;
  return Object.fromEntries(ordered(value, holder).map(([name, item]) => [name, inOrder(item, name)]));
}

/** Whether nothing of it need be copied, as with most claims. */
function isInOrder(value: object, holder: string): boolean {
  const names = fields.get(holder) ?? [];
  let last = -1;
  for (const [name, item] of Object.entries(value)) {
    const place = names.indexOf(name);
    const isPlain = typeof item !== "object" || item === null || (!Array.isArray(item) && isInOrder(item, name));
    if (place <= last || !isPlain) return false;
    last = place;
  }
  return true;
}

function ordered(value: object, holder: string): readonly [string, unknown][] {
  const names = fields.get(holder) ?? [];
  const place = (name: string): number => (names.includes(name) ? names.indexOf(name) : names.length);
  return Object.entries(value).sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
}
