import type { Facts } from "../contracts/fact.ts";
import { defineRule, type EntryClaim, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { buildPackages } from "../facts/build-packages.ts";
import { fileTree } from "../facts/file-tree.ts";
import { packageEntries } from "../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../facts/packages.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

/** Compilers and build tools of the distribution, with what only they need. */
export const buildTools: Rule = defineRule({
  name: "build-tools",
  title: "Compilers and build tools",
  meaning:
    "Compilers, make, CMake, git and `-dev` packages are there to build what the image runs, and stay in it when they are " +
    "installed in the last stage: build-essential is 323 MB without recommended packages, git 109 MB, CUDA's compiler and " +
    "profilers gigabytes.",
  measure:
    "Takes the dpkg, apk and rpm packages that are such tools by name or section, and the automatically installed packages " +
    "that nothing else needs, as `apt-get purge --auto-remove` does, to the fixed point. Counts the visible files that they " +
    "list, unless a package that stays lists them too. apt and apk record what was installed automatically; rpm's database " +
    "does not, so there the tools alone count. What was only recommended stays.",
  risk:
    "Essential packages, what another package needs, and what a word of ENTRYPOINT or CMD names are left alone; scripts are " +
    "not read. Packages with shared libraries stay as well (libgomp1, libpq5), as wheels and programs built here may load " +
    "them, and so do interpreters, certificates, curl and wget. Triton, torch.compile, deepspeed, FlashInfer, vLLM and " +
    "others call gcc, nvcc or ninja when they run, GitPython calls git: while such a package is installed, what it calls is " +
    "a finding apart, to be asked for by name. A program's own call of a compiler is not seen.",
  evaluate: (facts) => {
    if (!facts.get(packages).final.some(isOfSystem)) return { notApplicable: "no packages of dpkg, apk or rpm" };
    return [...idleFinding(facts), ...onDemandFinding(facts)].filter(({ claims }) => claims.length > 0);
  },
});

function isOfSystem({ kind }: InstalledPackage): boolean {
  return kind === "dpkg" || kind === "apk" || kind === "rpm";
}

const remedy = "install and purge them in one RUN, or build in a stage of its own and copy the result";

function idleFinding(facts: Facts): RuleFinding[] {
  const { idle, needed, neededWhy, spared } = facts.get(buildPackages);
  const kept = [
    ...(needed.length === 0 ? [] : [`${namesOf(needed)} because ${neededWhy}`]),
    ...(spared.length === 0 ? [] : [`${namesOf(spared)} because other programs may use them`]),
  ];
  const message = `${described(facts, idle)}${kept.length === 0 ? "" : `; kept: ${kept.join(", ")}`}`;
  return [
    { message, safety: "verified", remedy: `deadweight optimize --level verified, or ${remedy}`, claims: claimsOf(facts, idle) },
  ];
}

function onDemandFinding(facts: Facts): RuleFinding[] {
  const { onDemand, reasons } = facts.get(buildPackages);
  const message = `${described(facts, onDemand)}, needed where ${someOf(reasons)}`;
  return [
    { message, safety: "opt-in", remedy: `only if the program does none of this: ${remedy}`, claims: claimsOf(facts, onDemand) },
  ];
}

/** `3 build tools (gcc-12, make and cpp-12) and 4 packages that only they need`. */
function described(facts: Facts, going: readonly InstalledPackage[]): string {
  const { tools } = facts.get(buildPackages);
  const named = going.filter((one) => tools.has(one));
  const others = going.length - named.length;
  const rest = others === 0 ? "" : ` and ${countOf(others, "package")} that only they need`;
  return `${countOf(named.length, "build tool")} (${namesOf(named)})${rest}`;
}

function namesOf(some: readonly InstalledPackage[]): string {
  return someOf(some.map(({ name }) => name).toSorted());
}

function claimsOf(facts: Facts, going: readonly InstalledPackage[]): EntryClaim[] {
  const tree = facts.get(fileTree);
  const leaving = new Set(going);
  const staying = facts.get(packages).final.filter((one) => isOfSystem(one) && !leaving.has(one));
  const shared = packageEntries(tree, staying);
  return removalClaims(
    tree,
    [...packageEntries(tree, going)].filter((entry) => !shared.has(entry)),
  );
}
