import { defineFormat, type Format } from "../contracts/format.ts";
import { printable } from "../lib/printable.ts";
import { detailLines } from "./text/details.ts";
import { usableColumns } from "./text/figures.ts";
import { mapTexts } from "./text/map-texts.ts";
import { optimizationLines } from "./text/optimization-lines.ts";
import { summaryLines } from "./text/summary.ts";

/** For people at a terminal: the answer first, the details when asked. No text of the image can do anything to the terminal. */
export const table: Format = defineFormat({
  name: "table",
  endings: [".txt"],
  summary: "for people: about 15 lines, all with --verbose",
  render: (report, options) => {
    const usable = { ...options, columns: usableColumns(options.columns) };
    const safe = mapTexts(report, printable);
    const lines = [...summaryLines(safe, usable), ...(options.verbose ? detailLines(safe, usable) : [])];
    return `${lines.join("\n")}\n`;
  },
  renderOptimization: (optimization, options) => {
    const usable = { ...options, columns: usableColumns(options.columns) };
    return `${optimizationLines(mapTexts(optimization, printable), usable).join("\n")}\n`;
  },
});
