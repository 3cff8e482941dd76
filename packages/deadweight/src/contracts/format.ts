import type { Optimization } from "../model/optimization.ts";
import type { Report } from "../model/report.ts";

export interface FormatOptions {
  /** Show all findings, components and layers. */
  readonly verbose: boolean;
  /** Columns of the terminal; 80 when unknown. */
  readonly columns: number;
  /** Whether colours may be used. */
  readonly colour: boolean;
}

/** Renders a report as text; never runs anything. */
export interface Format {
  /** What `--format` takes. */
  readonly name: string;
  /** File endings that choose it for `-o FILE`. */
  readonly endings: readonly string[];
  readonly summary: string;
  readonly render: (report: Report, options: FormatOptions) => string;
  /** The text of `render` in pieces, for what may be tens of megabytes. */
  readonly parts?: (report: Report) => Iterable<string>;
  /** What of an optimisation is not in the report on its source; without it the report is rendered, with the fields that were added. */
  readonly renderOptimization?: (optimization: Optimization, options: FormatOptions) => string;
}

/** Declares a format; the identity function, for its type. */
export function defineFormat(format: Format): Format {
  return format;
}
