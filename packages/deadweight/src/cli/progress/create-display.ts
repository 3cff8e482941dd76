import { printableJson } from "../../lib/printable.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Environment, Session } from "../session.ts";
import { LiveRows } from "./live-rows.ts";
import { plainLines } from "./plain-lines.ts";
import type { ProgressDisplay } from "./progress-display.ts";

/** How progress may be shown: the words of `docker build`. */
export const progressModes = ["auto", "tty", "plain", "json", "quiet"] as const;
/** One of these words. */
export type ProgressMode = (typeof progressModes)[number];

/** The mode that was asked for by flag, else by DEADWEIGHT_PROGRESS, else `auto`. Throws UserError, exit 2. */
export function progressMode(flag: ProgressMode | undefined, environment: Environment): ProgressMode {
  const text = flag ?? (environment["DEADWEIGHT_PROGRESS"] || "auto");
  const mode = progressModes.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new UserError("usage", `DEADWEIGHT_PROGRESS ${text}: no such mode`, {
    exitCode: 2,
    hint: `known are: ${progressModes.join(", ")}`,
  });
}

/** The display for a mode; `auto` is `tty` on a terminal outside of CI, else `plain`. */
export function createDisplay(mode: ProgressMode, { stderr, environment, now }: Session): ProgressDisplay {
  const isInteractive = stderr.isTTY === true && environment["TERM"] !== "dumb" && !environment["CI"];
  const chosen = mode === "auto" ? (isInteractive ? "tty" : "plain") : mode;
  if (chosen === "tty") return new LiveRows(stderr, environment, now);
  if (chosen === "plain") return plainLines(stderr, now);
  if (chosen === "quiet") return { show: () => {}, close: () => {} };
  return { show: (event) => void stderr.write(`${printableJson(JSON.stringify(event))}\n`), close: () => {} };
}
