import type { Environment, Output } from "./session.ts";

/** Whether text for this stream may have colours: NO_COLOR (no-color.org) and FORCE_COLOR first, then whether it is a terminal. */
export function allowsColour(output: Output, environment: Environment): boolean {
  if (environment["NO_COLOR"]) return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return output.isTTY === true && environment["TERM"] !== "dumb";
}
