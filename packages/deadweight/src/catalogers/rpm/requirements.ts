// Layout: rpm-dependencies(7). A requirement names a package, something that packages provide (`libc.so.6(GLIBC_2.34)(64bit)`),
// a path, or is a boolean expression in parentheses: `(a >= 1 if b)`. `rpmlib(…)` is for rpm itself.
import type { ByteString } from "../../lib/byte-string.ts";

/** An installed package as its dependents see it. */
export interface RpmProvider {
  /** Under which the catalog lists it. */
  readonly label: string;
  readonly name: string;
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  readonly paths: readonly ByteString[];
}

const operators: ReadonlySet<string> = new Set(["and", "or", "if", "unless", "else", "with", "without"]);

/**
 * For each package the labels of those that its requirements lead to. What nobody provides is left out; of a boolean expression all
 * that is installed counts, so that it rather names a package too many.
 */
export function resolveRequirements(packages: readonly RpmProvider[]): readonly (readonly string[])[] {
  const capabilities = packages.map(({ requires }) => new Set(requires.flatMap(capabilitiesOf)));
  const needed = new Set(capabilities.flatMap((set) => [...set]));
  const owners = new Map<string, string>();
  const claim = (capability: string, label: string): void => {
    if (needed.has(capability) && !owners.has(capability)) owners.set(capability, label);
  };
  for (const { name, label } of packages) claim(name, label);
  for (const { provides, label } of packages) for (const provided of provides) claim(provided, label);
  if ([...needed].some((capability) => capability.startsWith("/"))) {
    for (const { paths, label } of packages) for (const path of paths) claim(`/${path}`, label);
  }
  return packages.map(({ label }, index) => {
    const labels = [...(capabilities[index] ?? [])].flatMap((capability) => owners.get(capability) ?? []);
    return [...new Set(labels)].filter((other) => other !== label);
  });
}

function capabilitiesOf(requirement: string): string[] {
  if (!requirement.startsWith("(")) return requirement.startsWith("rpmlib(") ? [] : [requirement];
  const words = requirement.split(/\s+/).filter((word, index, all) => !operators.has(word) && !isVersion(word, all[index - 1]));
  return words.map(withoutOuterParentheses);
}

function isVersion(word: string, before: string | undefined): boolean {
  return /^[<=>]+$/.test(word) || /^[<=>]+$/.test(before ?? "");
}

/** `((python3dist(x)` as `python3dist(x)`: parentheses that open before the word, or close more than it opens, are the expression's. */
function withoutOuterParentheses(word: string): string {
  const name = word.replace(/^\(+/, "");
  const unopened = name.split(")").length - name.split("(").length;
  return unopened > 0 && name.endsWith(")".repeat(unopened)) ? name.slice(0, -unopened) : name;
}
