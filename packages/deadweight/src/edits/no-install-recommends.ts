import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { hasOption, optionValue, type CommandUse } from "../dockerfile/command-use.ts";
import { runSteps } from "../dockerfile/run-steps.ts";
import { stageChain } from "../dockerfile/expand-variables.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";
import type { Replacement } from "../model/dockerfile.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { leavingClaims } from "../claims/leaving-claims.ts";
import { recommendedAndUsed, recommendedOnly } from "./evidence/recommended-only.ts";
import { unknownSaving } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";
import { dependencies, keptRecommendations } from "./no-install-recommends/kept-recommendations.ts";
import { recommendedSizes } from "./no-install-recommends/recommended-sizes.ts";

const name = "no-install-recommends";

/** apt without what packages only recommend. */
export const noInstallRecommends: Edit = defineEdit({
  name,
  title: "apt-get install --no-install-recommends, with what matters kept by name",
  safety: "verified",
  order: 40,
  meaning:
    "apt installs what a package recommends as if it were needed: python3-pip brings a compiler and Python's headers (429 MB), ffmpeg " +
    "drivers for video cards (157 MB), git and curl documentation and key rings.",
  risk:
    "What is recommended may be wanted. ca-certificates stays with curl, wget and git, libc6-dev with gcc, make and gcc with cmake, xauth " +
    "with xvfb: they are added by name. Others that a program needs are missing then: pip needs a compiler for packages without a wheel. The " +
    "build and `verify` tell. Lists of packages that come from variables or files get the flag too, but nothing can be added for them.",
  checks: ["package-databases", "elf-closure", "certificates", "python-imports", "health"],
  example: {
    before: "FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl ffmpeg && rm -rf /var/lib/apt/lists/*\n",
    after:
      "FROM debian:bookworm\nRUN apt-get update && apt-get install --no-install-recommends -y ca-certificates curl ffmpeg && " +
      "rm -rf /var/lib/apt/lists/*\n",
  },
  propose: (context) => gathered(shippedSteps(context).map((step) => findingFor(context, step))),
});

function findingFor(context: EditContext, step: ScriptStep): Finding {
  if (/Install-Recommends/i.test(context.dockerfile.text.slice(0, step.instruction.start))) return undefined;
  const installs = step.uses.filter(
    (use) =>
      use.tool === "apt" &&
      use.verb === "install" &&
      !hasOption(use, "--no-install-recommends", "--install-recommends", "--no-recommends") &&
      !isSetByOption(use),
  );
  if (installs.length === 0) return undefined;
  const present = installedBy(context, step);
  const usual = installs.flatMap((use) => missingFor(context, use, present).map((kept) => ({ use, kept })));
  const added = [
    ...usual,
    ...openedFor(
      context,
      step,
      installs,
      usual.map(({ kept }) => kept),
    ),
  ];
  const saving = savingFor(
    context,
    step,
    installs,
    added.map(({ kept }) => kept),
  );
  if (saving === undefined) return undefined;
  const names = [...new Set(added.map(({ kept }) => kept))];
  return {
    instruction: step.instruction,
    message: `${countOf(installs.length, "install", "installs")} with all that packages only recommend`,
    reason: `nothing depends on what is only recommended${names.length === 0 ? "" : `; ${someOf(names)} kept by name`}`,
    replacements: installs.flatMap((use) =>
      replacementsFor(
        use,
        added.filter((one) => one.use === use).map(({ kept }) => kept),
      ),
    ),
    saving,
  };
}

/** `-o APT::Install-Recommends=false`. */
function isSetByOption(use: CommandUse): boolean {
  return (
    /install-recommends/i.test(optionValue(use, "-o", "--option") ?? "") ||
    use.options.some(({ word }) => /Install-Recommends/i.test(word.text))
  );
}

/** Package names that apt is told, without versions and architectures. */
function packagesOf({ operands }: CommandUse): readonly string[] {
  return operands.flatMap(({ value }) => (value === undefined ? [] : [value.replace(/[=:/].*$/, "")]));
}

/** What RUNs up to this one install by name, and what of the table comes with it. */
function installedBy({ dockerfile, variablesAt }: EditContext, { stage, instruction }: ScriptStep): Set<string> {
  const before = runSteps(dockerfile, stageChain(dockerfile, stage), variablesAt).filter(
    (one) => one.instruction.start <= instruction.start,
  );
  const named = before.flatMap(({ uses }) =>
    uses.filter(({ tool, verb }) => tool === "apt" && verb === "install").flatMap(packagesOf),
  );
  return new Set(named.flatMap((one) => [one, ...(dependencies[one] ?? [])]));
}

function missingFor({ dockerfile }: EditContext, use: CommandUse, present: Set<string>): readonly string[] {
  const wanted = keptRecommendations
    .filter(({ packages, when }) => packagesOf(use).some((one) => packages.test(one)) && when?.test(dockerfile.text) !== false)
    .flatMap(({ keep }) => keep);
  const missing = [...new Set(wanted)].filter((one) => !present.has(one));
  for (const one of missing) present.add(one);
  return missing;
}

/** What only comes as recommended and is used in a container: libraries that programs open when they are there, files that they name. */
function openedFor(
  { built }: EditContext,
  { instruction }: ScriptStep,
  installs: readonly CommandUse[],
  kept: readonly string[],
): readonly { readonly use: CommandUse; readonly kept: string }[] {
  const use = installs.findLast(({ operands }) => operands.length > 0);
  if (built === undefined || use === undefined || built.layersOf(instruction).length === 0) return [];
  return recommendedAndUsed(built.facts, new Set(kept)).map((one) => ({ use, kept: one.replace(/:.*$/, "") }));
}

function replacementsFor(use: CommandUse, added: readonly string[]): readonly Replacement[] {
  const [first] = use.operands;
  const names =
    first === undefined || added.length === 0 ? [] : [{ start: first.start, end: first.start, text: `${added.join(" ")} ` }];
  return [...insertOptions(use, "--no-install-recommends"), ...names];
}

function savingFor(
  context: EditContext,
  step: ScriptStep,
  installs: readonly CommandUse[],
  kept: readonly string[],
): ProposedSaving | undefined {
  const layers = context.built?.layersOf(step.instruction) ?? [];
  if (context.built !== undefined && layers.length > 0) {
    const claims = leavingClaims(context.built.facts, layers, recommendedOnly(context.built.facts, new Set(kept)));
    const change = { layers, unnamed: new Set<string>(), named: new Set(kept), withoutRecommended: true };
    return claims.length > 0 || context.isAsked(name) ? { claims, packages: change } : undefined;
  }
  const known = installs.flatMap(packagesOf).map((one) => [one, recommendedSizes[one] ?? 0] as const);
  const [largest, bytes] = known.reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0] as const);
  if (bytes === 0) return unknownSaving;
  return { bytes, source: `installed size of what ${largest} alone recommends in Debian bookworm` };
}
