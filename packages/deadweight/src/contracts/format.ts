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
}

/** Declares a format; the identity function, for its type. */
export function defineFormat(format: Format): Format {
  return format;
}
