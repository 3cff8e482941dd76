import { defineFormat, type Format } from "../contracts/format.ts";
import { printableJson } from "../lib/printable.ts";

/** The report as it is, docs/report-schema.md: its fields in one order, and no raw control, bidi or invisible character. */
export const json: Format = defineFormat({
  name: "json",
  endings: [".json"],
  summary: "for programs: the whole report, docs/report-schema.md",
  render: (report) => `${printableJson(JSON.stringify(inOrder(report, ""), undefined, 2))}\n`,
});

/** The fields of an object by the field that holds it, in the order in which they are documented. */
const fields = new Map(
  Object.entries({
    "": "schemaVersion tool image indexDigest level result before predicted after platforms changes omissions notes totals reclaimable baseImage layers components outcomes problems",
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
  if (typeof value !== "object" || value === null) return value;
  const names = fields.get(holder) ?? [];
  const place = (name: string): number => (names.includes(name) ? names.indexOf(name) : names.length);
  const entries = Object.entries(value).sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, inOrder(item, name)]));
}
