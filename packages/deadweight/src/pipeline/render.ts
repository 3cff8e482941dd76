import type { Format, FormatOptions } from "../contracts/format.ts";
import { formats } from "../formats/index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import { isOptimization } from "../model/optimization.ts";
import type { Report } from "../model/report.ts";

/** What `render` gives, in pieces: the whole text of a large image need not be in memory. */
export function renderParts(report: Report, formatName: string, options: Partial<FormatOptions> = {}): Iterable<string> {
  return formatNamed(formatName).parts?.(report) ?? [render(report, formatName, options)];
}

/** A report, or the result of an optimisation, in one of the formats: short, 80 columns and no colours unless asked. Throws UserError for a format that is not known. */
export function render(report: Report, formatName: string, options: Partial<FormatOptions> = {}): string {
  const format = formatNamed(formatName);
  const all: FormatOptions = { verbose: false, columns: 80, colour: false, ...options };
  if (format.renderOptimization !== undefined && isOptimization(report)) return format.renderOptimization(report, all);
  return format.render(report, all);
}

function formatNamed(formatName: string): Format {
  const format = formats.find(({ name }) => name === formatName);
  if (format !== undefined) return format;
  const names = formats.map(({ name }) => name);
  throw new UserError("unknown-format", `format ${formatName}: there is none of that name`, {
    hint: didYouMean(formatName, names),
    exitCode: 2,
  });
}
