import type { Environment, Output } from "./session.ts";

/** Columns to write for: the terminal's, else COLUMNS, else 80. A pseudo-terminal may say 0. */
export function terminalWidth(output: Output, environment: Environment): number {
  const told = Number(environment["COLUMNS"]);
  const usable = [output.columns, told].find((columns) => columns !== undefined && Number.isSafeInteger(columns) && columns > 0);
  return usable ?? 80;
}
