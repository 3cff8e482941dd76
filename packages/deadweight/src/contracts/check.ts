import type { ByteString } from "../lib/byte-string.ts";
import type { Observed } from "../model/observation.ts";
import type { Pulls } from "../model/pulls.ts";
import type { Verdict } from "../model/verification.ts";
import type { Facts } from "./fact.ts";

/**
 * What may become of a path, by the list of changes or by a pattern: everything, when the user said so. `times` alone: an image that was
 * built anew has files of another time.
 */
export type ExpectedChange = "remove" | "rewrite" | "link" | "times" | "anything";

/** Two images laid side by side, and in what they may differ. */
export interface Comparison {
  readonly before: Facts;
  readonly after: Facts;
  /** What was to become of a path (without leading slash); none when it was to stay as it is. */
  readonly expected: (path: ByteString) => ReadonlySet<ExpectedChange>;
  /** Settings that were to go, as the check `config` names them: `Env NV_CUDNN_VERSION`, `Entrypoint`. */
  readonly goneSettings?: ReadonlySet<string>;
  /** The GPUs that the images are for, as compute capabilities times ten, when the user said so. */
  readonly targets?: readonly number[];
  /** What containers of both did; a text says why none was run. */
  readonly observed?: Observed | string;
  /** How long pulls of both take; a text says why that was not measured. */
  readonly pulled?: Pulls | string;
}

/** What a check found; the pipeline adds the check's name. */
export type CheckResult = Omit<Verdict, "check">;

/** Whether a check looks at the images alone, or at containers made of them. */
export type CheckNeeds = "nothing" | "runtime";

/** One way in which two images may differ so that a program could tell. */
export interface Check {
  /** In kebab-case, the name of the file: `elf-closure`. */
  readonly name: string;
  /** One line. */
  readonly title: string;
  readonly needs: CheckNeeds;
  /**
   * What it must see of containers beside one life of each: many, to measure, or the modules that Python can import. Or, without
   * containers, how long it takes to unpack the layers.
   */
  readonly observes?: "rounds" | "imports" | "pulls";
  /** Asked for together by `--require gpu`. */
  readonly uses?: "gpu";
  /** One result for each thing that it looks at, at least one. Not run is a result, with its reason, never silence. */
  readonly compare: (comparison: Comparison) => readonly CheckResult[] | Promise<readonly CheckResult[]>;
}

/** Declares a check; the identity function, for its type. */
export function defineCheck(check: Check): Check {
  return check;
}

/** Differences that a result names one by one. */
const mostDetails = 20;

/** One result of a list of differences: `different` with the first of them, or `same` with what was looked at. */
export function judged(differences: readonly string[], looked: string, what: string): readonly CheckResult[] {
  if (differences.length === 0) return [{ verdict: "same", reason: looked }];
  const details = differences.slice(0, mostDetails);
  return [{ verdict: "different", reason: `${differences.length.toLocaleString("en-US")} ${what}`, details }];
}

/** The one result of a check that could not look. */
export function notRun(reason: string): readonly CheckResult[] {
  return [{ verdict: "not-run", reason }];
}

/** The results of a check of what containers did, or why none was run. */
export function whenObserved(
  { observed = "no container was run" }: Comparison,
  use: (observed: Observed) => readonly CheckResult[],
): readonly CheckResult[] {
  return typeof observed === "string" ? notRun(observed) : use(observed);
}
