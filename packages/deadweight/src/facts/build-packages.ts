import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { someOf } from "../lib/some-of.ts";
import type { ComponentKind } from "../model/report.ts";
import { buildToolOf, type BuildTool } from "./build-tool.ts";
import { commandEntries } from "./command-entries.ts";
import { fileTree } from "./file-tree.ts";
import { packageEntries } from "./package-entries.ts";
import { packages, type InstalledPackage } from "./packages.ts";
import { removablePackages } from "./removable-packages.ts";
import { runtimeNeeds } from "./runtime-needs.ts";

/** Packages of dpkg, apk and rpm that build software, and what only they need. */
export interface BuildPackages {
  /** The compilers, build tools and development packages among all these. */
  readonly tools: ReadonlySet<InstalledPackage>;
  /** Nothing installed is known to need them when a container runs. */
  readonly idle: readonly InstalledPackage[];
  /** Only programs that compile, or call git, when they run need them. */
  readonly onDemand: readonly InstalledPackage[];
  /** What they are needed for, as of `RuntimeNeeds.reasons`. */
  readonly reasons: readonly string[];
  /** Tools that stay: essential, needed by what is no tool, or named by ENTRYPOINT or CMD. */
  readonly needed: readonly InstalledPackage[];
  /** Why those stay: `python3-pythran and npm depend on them`. Empty when there are none. */
  readonly neededWhy: string;
  /** Only they need it, but it stays: shared libraries and what scripts use. */
  readonly spared: readonly InstalledPackage[];
}

const systemKinds: readonly ComponentKind[] = ["dpkg", "apk", "rpm"];

/** The packages that could go after a build. */
export const buildPackages: Fact<BuildPackages> = defineFact("build-packages", (facts: Facts) => {
  const parts = systemKinds.map((kind) => ofKind(facts, kind));
  return {
    tools: new Set(parts.flatMap((part) => [...part.tools])),
    idle: parts.flatMap((part) => part.idle),
    onDemand: parts.flatMap((part) => part.onDemand),
    reasons: [...new Set(parts.flatMap((part) => part.reasons))],
    needed: parts.flatMap((part) => part.needed),
    neededWhy: [...new Set(parts.map((part) => part.neededWhy))].filter((why) => why !== "").join(", "),
    spared: parts.flatMap((part) => part.spared),
  };
});

function ofKind(facts: Facts, kind: ComponentKind): BuildPackages {
  const all = facts.get(packages).final.filter((one) => one.kind === kind);
  const roles = new Map(
    all.flatMap((one): [InstalledPackage, BuildTool][] => {
      const role = buildToolOf(one);
      return role === undefined ? [] : [[one, role]];
    }),
  );
  const tools = new Set(roles.keys());
  const named = new Set([...tools].filter((one) => isNamedByCommand(facts, one)));
  const { removable, spared } = removablePackages(all, tools, named);
  const needs = facts.get(runtimeNeeds);
  const called = removable.filter((one) => needs.has(...toolsNeeding(roles.get(one))));
  const idle = new Set(removablePackages(all, tools, new Set([...named, ...called])).removable);
  const going = new Set(removable);
  const needed = [...tools].filter((one) => !going.has(one));
  return {
    tools,
    idle: [...idle],
    onDemand: removable.filter((one) => !idle.has(one)),
    reasons: [...new Set(called.flatMap((one) => needs.reasons(...toolsNeeding(roles.get(one)))))],
    needed,
    neededWhy: needed.length === 0 ? "" : whyNeeded(all, tools, needed, named),
    spared,
  };
}

function whyNeeded(
  all: readonly InstalledPackage[],
  tools: ReadonlySet<InstalledPackage>,
  needed: readonly InstalledPackage[],
  named: ReadonlySet<InstalledPackage>,
): string {
  const names = new Set(needed.map(({ name }) => name));
  const needers = all.filter((one) => !tools.has(one) && one.requires?.some((name) => names.has(name)) === true);
  const depend = `${someOf(needers.map(({ name }) => name))} ${needers.length === 1 ? "depends" : "depend"} on them`;
  const reasons = [...(needers.length === 0 ? [] : [depend]), ...(named.size === 0 ? [] : ["the command names them"])];
  return reasons.length === 0 ? "they are essential" : reasons.join(" or ");
}

/** The CUDA compiler's packages hold the headers too. */
function toolsNeeding(role: BuildTool | undefined): readonly Exclude<BuildTool, "other">[] {
  if (role === undefined || role === "other") return [];
  return role === "cuda-compiler" ? ["cuda-compiler", "cuda-headers"] : [role];
}

function isNamedByCommand(facts: Facts, one: InstalledPackage): boolean {
  const named = facts.get(commandEntries);
  for (const entry of packageEntries(facts.get(fileTree), [one])) if (named.has(entry)) return true;
  return false;
}
