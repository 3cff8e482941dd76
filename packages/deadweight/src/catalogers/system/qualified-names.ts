/** What tells packages of the same name apart. */
export interface NamedPackage {
  readonly name: string;
  readonly architecture: string;
}

/**
 * A name for each package: its own, with its architecture after `separator` where that name is installed for several
 * architectures and this is not the one that most packages have.
 */
export function qualifiedNames(packages: readonly NamedPackage[], separator: ":" | "."): readonly string[] {
  const native = mostFrequent(packages.map(({ architecture }) => architecture).filter(isReal));
  const architectures = new Map<string, Set<string>>();
  for (const { name, architecture } of packages) {
    const known = architectures.get(name);
    if (known === undefined) architectures.set(name, new Set([architecture]));
    else known.add(architecture);
  }
  return packages.map(({ name, architecture }) => {
    const isAmbiguous = (architectures.get(name)?.size ?? 0) > 1;
    return isAmbiguous && architecture !== native && isReal(architecture) ? `${name}${separator}${architecture}` : name;
  });
}

function isReal(architecture: string): boolean {
  return architecture !== "" && architecture !== "all" && architecture !== "noarch";
}

function mostFrequent(words: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].reduce<[string | undefined, number]>((best, next) => (next[1] > best[1] ? next : best), [undefined, 0])[0];
}
