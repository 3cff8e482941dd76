import type { Check, CheckResult, Comparison } from "../../src/contracts/check.ts";
import { configSchema } from "../../src/model/config-schema.ts";
import type { Service } from "../../src/model/config.ts";
import type { Answer, ImportSweep, Life, Observed } from "../../src/model/observation.ts";
import { comparisonOf, imageOf } from "./side-by-side.ts";

/** A service as the configuration file would have it. */
export function serviceOf(fields: object = {}): Service {
  const service = configSchema.parse({ services: { api: fields } }).services["api"];
  if (service === undefined) throw new Error("no service");
  return service;
}

/** A life that went well and of which nothing is known. */
export function lifeOf(changes: Partial<Life> = {}): Life {
  const nothing = { answers: [], latencies: {}, memoryBytes: undefined, output: "", errors: "" };
  return { readyBy: "nothing", readyMs: undefined, ...nothing, ...changes };
}

/** An answer to the probe `home`. */
export function answerOf(body: string | Uint8Array, changes: Partial<Answer> = {}): Answer {
  return { probe: "home", code: 200, headers: {}, body: Buffer.from(body), isCut: false, ...changes };
}

interface Sides<T> {
  readonly before: T;
  readonly after: T;
}

/** What was seen of both images; each is given as the lives of its containers. */
export function observedOf(
  lives: Sides<readonly Life[]>,
  more: {
    readonly service?: object;
    readonly rounds?: Sides<readonly Life[]>;
    readonly apart?: Sides<readonly Answer[]>;
    readonly imports?: Sides<ImportSweep>;
    readonly unmeasured?: string;
  } = {},
): Observed {
  const side = (of: "before" | "after"): Observed["before"] => ({
    lives: lives[of],
    rounds: more.rounds?.[of] ?? [],
    apart: more.apart?.[of] ?? [],
    imports: more.imports?.[of] ?? "it was not asked for",
  });
  const reason = more.unmeasured === undefined ? {} : { unmeasured: more.unmeasured };
  return { service: serviceOf(more.service), before: side("before"), after: side("after"), ...reason };
}

/** The results of a check of what containers did. */
export async function resultsOf(check: Check, observed: Observed | string): Promise<readonly CheckResult[]> {
  const image = imageOf([]);
  const comparison: Comparison = { ...comparisonOf(image, image), observed };
  return check.compare(comparison);
}

/** The verdict of the only result, and what is said of it. */
export async function verdictOf(check: Check, observed: Observed | string): Promise<string> {
  const [result, ...more] = await resultsOf(check, observed);
  if (result === undefined || more.length > 0) throw new Error(`${check.name} gave ${more.length + 1} results`);
  const details = result.verdict === "different" ? (result.details ?? []) : [];
  return [`${result.verdict}: ${result.reason ?? ""}`, ...details].join("\n");
}
