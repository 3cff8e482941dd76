import type { FormatOptions } from "../contracts/format.ts";
import { formats } from "../formats/index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import { isOptimization } from "../model/optimization.ts";
import type { Report } from "../model/report.ts";

/** A report, or the result of an optimisation, in one of the formats: short, 80 columns and no colours unless asked. Throws UserError for a format that is not known. */
export function render(report: Report, formatName: string, options: Partial<FormatOptions> = {}): string {
  const format = formats.find(({ name }) => name === formatName);
  if (format === undefined) {
    const names = formats.map(({ name }) => name);
    throw new UserError("unknown-format", `format ${formatName}: there is none of that name`, {
      hint: didYouMean(formatName, names),
      exitCode: 2,
    });
  }
  const all: FormatOptions = { verbose: false, columns: 80, colour: false, ...options };
  if (format.renderOptimization !== undefined && isOptimization(report)) return format.renderOptimization(report, all);
  return format.render(report, all);
}
