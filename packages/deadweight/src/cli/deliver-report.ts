import type { Gates, Report } from "../index.ts";
import { printable } from "../lib/printable.ts";
import { allowsColour } from "./allows-colour.ts";
import type { DeliveryFlags } from "./delivery-options.ts";
import type { OutputFile } from "./output-files.ts";
import { type Session, type Toolkit, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";
import { writeAside } from "./write-aside.ts";

/** Columns of a report in a file. */
const fileColumns = 120;

/** A report with what is to become of it. */
export interface Delivery {
  readonly report: Report;
  readonly flags: Pick<DeliveryFlags, "format" | "verbose">;
  readonly files: readonly OutputFile[];
  readonly gates: Gates;
}

/** Prints the report, writes its files, says which gates fail. Gives the exit code: 1 when one does. */
export async function deliverReport(
  { report, flags, files, gates }: Delivery,
  session: Session,
  toolkit: Toolkit,
): Promise<number> {
  const { stdout, stderr, environment } = session;
  const verbose = flags.verbose === true;
  const columns = terminalWidth(stdout, environment);
  const colour = allowsColour(stdout, environment);
  for (const part of toolkit.renderParts(report, flags.format, { verbose, columns, colour })) await write(stdout, part);
  for (const { format, path } of files) {
    await writeAside(path, toolkit.renderParts(report, format, { verbose, columns: fileColumns, colour: false }));
  }
  const failed = toolkit.failedGates(report, gates);
  for (const line of failed) await write(stderr, `gate failed: ${printable(line)}\n`);
  return failed.length > 0 ? 1 : 0;
}
