import { checks } from "../checks/index.ts";
import type { Check, Comparison } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { UserError } from "../lib/user-error.ts";
import type { Service } from "../model/config.ts";
import type { Pulls } from "../model/pulls.ts";
import type { Verdict, Verification, VerifiedImage } from "../model/verification.ts";
import { expectedChanges } from "./expected-changes.ts";
import { measurePulls } from "./measure-pulls.ts";
import { observe } from "./observe.ts";
import { runSettings } from "./run-settings.ts";
import { configuredGpus } from "./load-config.ts";
import { loadChanges, type PlannedChanges } from "./load-changes.ts";
import { type ImageOptions, type ReadImage, withFacts } from "./with-facts.ts";

export interface VerifyOptions extends Omit<ImageOptions, "programs" | "base"> {
  /** Whether only checks run that look at the images alone. */
  readonly isStatic: boolean;
  /** A file with the changes that `optimize` made. */
  readonly changes?: string;
  /** Patterns of paths that may differ in any way. */
  readonly expect: readonly string[];
  /** Whether AFTER was built from a Dockerfile as BEFORE was: times differ then, and what every build writes differently. */
  readonly isRebuilt?: boolean;
  /** Paths that were to go, in the place of a file of changes. */
  readonly removed?: Iterable<string>;
  /** Settings that were to go, as the check `config` names them: `Env NV_CUDNN_VERSION`. */
  readonly goneSettings?: Iterable<string>;
  /** Patterns of paths of files that may have another content. */
  readonly rewritten?: readonly string[];
  /** Contents by sha256 in hexadecimal digits, in the place of which there may be others. */
  readonly replaced?: ReadonlySet<string>;
  /** Names of checks that must have been run, or `gpu` for those that use one. */
  readonly require: readonly string[];
  /** Names of checks: only these, or all but these. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** A `deadweight.yaml`: how the containers are run and what they are asked. Without one they are started and stopped. */
  readonly config?: string;
  /** Which of its services it is; not needed where there is only one. */
  readonly service?: string;
  /** Where containers run: docker or podman; the engine that has the original, or answers, when absent. */
  readonly engine?: string;
  /** Of pulls, in the place of the configuration's; they are not measured without either. */
  readonly bitsPerSecond?: number;
}

/**
 * Lays two images side by side and gives one verdict for each thing that was looked at. A check that could not look is `not-run` with its
 * reason, and never counts as passed. Throws UserError when an image, the list of changes or the configuration can't be read.
 */
export async function verify(before: string, after: string, options: VerifyOptions): Promise<Verification> {
  const chosen = chooseChecks(options);
  const service = await runSettings(options);
  const targets = await targetsOf(options);
  const planned = options.changes === undefined ? undefined : await loadChanges(options.changes);
  const reading = { ...options, programs: true };
  return withFacts(before, reading, (original) =>
    withFacts(after, { ...reading, known: original.facts.layers }, async (candidate) => {
      const [old, now] = [original.facts, candidate.facts];
      checkSource(planned, old);
      const expected = expectedChanges([old, now], planned, options);
      const observed = await observe(original, candidate, service, chosen, options);
      const pulled = await pullsOf(original, candidate, service, chosen, options);
      const goneSettings = new Set(options.goneSettings);
      const comparison = { before: old, after: now, expected, goneSettings, observed, pulled, ...targets };
      const verdicts = await runChecks(chosen, comparison, options);
      const missing = missingOf(verdicts, options.require);
      return {
        schemaVersion: 1,
        tool: { name: "deadweight", version: toolVersion() },
        before: imageOf(old),
        after: imageOf(now),
        passed: hasPassed(verdicts, missing),
        verdicts,
        missing,
      };
    }),
  );
}

async function pullsOf(
  before: ReadImage,
  after: ReadImage,
  service: Service,
  chosen: readonly Check[],
  { onProgress, ...options }: VerifyOptions,
): Promise<Pulls | string> {
  if (!chosen.some(({ observes }) => observes === "pulls")) return "it was not asked for";
  const onNote = (text: string): void => onProgress?.({ kind: "note", text });
  return measurePulls(before, after, service, { ...options, onNote, now: () => performance.now() });
}

function chooseChecks({ only, skip, require, isStatic }: VerifyOptions): readonly Check[] {
  const names = checks.map(({ name }) => name);
  for (const name of [...(only ?? []), ...(skip ?? []), ...require.filter((one) => one !== "gpu")]) {
    if (names.includes(name)) continue;
    throw new UserError("unknown-check", `check ${JSON.stringify(name)}: there is none of that name`, {
      hint: didYouMean(name, names),
      exitCode: 2,
    });
  }
  return checks.filter(
    ({ name, needs }) => (only?.includes(name) ?? true) && skip?.includes(name) !== true && (!isStatic || needs === "nothing"),
  );
}

async function targetsOf({ config }: VerifyOptions): Promise<Pick<Comparison, "targets">> {
  const gpus = config === undefined ? undefined : await configuredGpus(config);
  return gpus === undefined ? {} : { targets: gpus.map(({ capability }) => capability) };
}

/** A list of changes of another image would excuse what nobody planned. */
function checkSource(planned: PlannedChanges | undefined, { image }: Facts): void {
  if (planned?.source === undefined || planned.source === image.digest) return;
  throw new UserError("usage", `changes: they are of ${planned.source}, and BEFORE is ${image.digest}`, {
    hint: "give the list of changes that `deadweight optimize` wrote for BEFORE",
    exitCode: 2,
  });
}

async function runChecks(
  chosen: readonly Check[],
  comparison: Comparison,
  { onProgress, signal }: VerifyOptions,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const check of chosen) {
    signal.throwIfAborted();
    onProgress?.({ kind: "note", text: `checking ${check.name}` });
    for (const result of await check.compare(comparison)) verdicts.push({ check: check.name, ...result });
  }
  return verdicts;
}

/** `gpu` stands for the checks that use one: at least one of them must have been run. */
function missingOf(verdicts: readonly Verdict[], required: readonly string[]): readonly string[] {
  return required.flatMap((name) => {
    const names = name === "gpu" ? checks.filter(({ uses }) => uses === "gpu").map((check) => check.name) : [name];
    const ofName = verdicts.filter(({ check }) => names.includes(check));
    const notRun = ofName.filter(({ verdict }) => verdict === "not-run");
    if (ofName.length > 0 && notRun.length === 0) return [];
    const none = `${name === "gpu" ? names.join(", ") : "no check of that name"} was ${name === "gpu" ? "not " : ""}chosen`;
    return [`${name}: ${notRun[0]?.reason ?? none}`];
  });
}

function hasPassed(verdicts: readonly Verdict[], missing: readonly string[]): boolean {
  const isClear = verdicts.every(({ verdict }) => verdict !== "different");
  return isClear && missing.length === 0 && verdicts.some(({ verdict }) => verdict === "same");
}

function imageOf({ image, layers }: Facts): VerifiedImage {
  const tarBytes = layers.reduce((sum, layer) => sum + layer.tarBytes, 0);
  return { reference: image.reference, digest: image.digest, platform: image.config.platform, tarBytes };
}
