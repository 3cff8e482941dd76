import { printBytes } from "../../lib/byte-size.ts";
import { cutEnd, cutMiddle } from "../../lib/text-width.ts";
import type { Optimization, PlatformOutcome } from "../../model/optimization.ts";
import { printPlatform } from "../../model/platform.ts";
import { printCount, printShare } from "./figures.ts";
import { freedByTransform } from "./freed-by-transform.ts";
import { folded, table, type Section } from "./markdown-page.ts";
import { markdownCode as code, markdownText as text } from "./markdown-text.ts";

const maxCell = 300;

/** The weights before and after, with the image above and what the result has not below. */
export function weightsSection(optimization: Optimization): Section {
  const { image, level, before, predicted, after, result, omissions, notes, platforms = [] } = optimization;
  const smaller = after ?? predicted;
  const share = printShare(before.tarBytes - smaller.tarBytes, before.tarBytes);
  const state =
    result === undefined ? "planned, nothing was written" : `written to ${code(cutMiddle(result.reference, maxCell))}`;
  const rows = [
    ["Before", printBytes(before.tarBytes), printBytes(before.compressedBytes)],
    ["Predicted", printBytes(predicted.tarBytes), printBytes(predicted.compressedBytes)],
    ...(after === undefined ? [] : [["After", printBytes(after.tarBytes), printBytes(after.compressedBytes)]]),
  ];
  return {
    head: [
      `### deadweight: ${code(cutMiddle(image.reference, maxCell))}`,
      "",
      `**${share}** less at the level ${level}, ${state}.`,
      "",
      ...table(["", ">Unpacked", ">Compressed"]),
    ],
    rows: [...rows, ...platforms.map(platformRow)],
    tail: [
      ...omissions
        .slice(0, 10)
        .map(({ reason, digest }) => `- not in the result: ${text(cutEnd(reason, maxCell))} (${code(digest)})`),
      ...notes.slice(0, 10).map((note) => `- ${text(cutEnd(note, maxCell))}`),
    ],
  };
}

function platformRow({ platform, after, predicted }: PlatformOutcome): string[] {
  const weight = after ?? predicted;
  const name = `${after === undefined ? "Predicted" : "After"}, ${printPlatform(platform)}`;
  return [text(name), printBytes(weight.tarBytes), printBytes(weight.compressedBytes)];
}

/** What each transform freed. */
export function transformsSection(optimization: Optimization): Section {
  const rows = freedByTransform(optimization).map(({ transform, bytes, entries, reason }) => [
    code(transform),
    bytes < 0 ? `-${printBytes(-bytes)}` : printBytes(bytes),
    printCount(entries, "entry", "entries"),
    text(cutEnd(reason, maxCell)),
  ]);
  if (rows.length === 0) return { head: ["Nothing to change."], rows: [], tail: [] };
  return { head: table(["Transform", ">Freed", ">Changed", "For instance"]), rows, tail: [] };
}

/** The changes that freed the most, folded away. */
export function changesSection({ changes }: Optimization, most: number): Section {
  if (changes.length === 0) return { head: [], rows: [], tail: [] };
  const largest = changes.toSorted((one, other) => other.bytesBefore - other.bytesAfter - (one.bytesBefore - one.bytesAfter));
  const rows = largest
    .slice(0, most)
    .map(({ action, platform, layer, path, bytesBefore, bytesAfter }) => [
      action,
      platform === undefined ? String(layer) : text(`${platform} ${layer}`),
      code(cutMiddle(path, maxCell)),
      printBytes(bytesBefore),
      printBytes(bytesAfter),
    ]);
  const head = table(["Change", ">Layer", "Path", ">Before", ">After"]);
  return folded(printCount(changes.length, "change"), head, rows, changes.length - rows.length);
}
