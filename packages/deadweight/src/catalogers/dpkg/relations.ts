// Layout: deb-control(5), "Depends": groups separated by commas, alternatives in a group by bars; a name may carry `:arch`,
// a version in parentheses, architectures in brackets and build profiles in angle brackets.

/** What of an installed package its dependents need to know. */
export interface Provider {
  /** Under which the catalog lists it. */
  readonly label: string;
  readonly name: string;
  readonly architecture: string;
  readonly provides: string | undefined;
}

/** Turns a relation field of a package of some architecture into names of packages. */
export type Resolve = (relations: string, architecture: string) => readonly string[];

/**
 * A resolver over the installed packages. For each group: the first alternative that is installed or provided, of the same
 * architecture where there are several; when none is, the first alternative.
 */
export function createResolver(installed: readonly Provider[]): Resolve {
  const real = createDirectory();
  const virtual = createDirectory();
  for (const provider of installed) {
    real.add(provider.name, provider);
    for (const [name = ""] of parseRelations(provider.provides ?? "")) virtual.add(name, provider);
  }
  return (relations, architecture) => {
    const labels = new Set<string>();
    for (const alternatives of parseRelations(relations)) {
      const found = alternatives.flatMap((name) => real.find(name, architecture) ?? virtual.find(name, architecture) ?? []);
      labels.add(found[0] ?? alternatives[0] ?? "");
    }
    return [...labels];
  };
}

/** The groups of a relation field, each the names of its alternatives, at least one. */
export function* parseRelations(field: string): Generator<readonly string[]> {
  for (const group of field.split(",")) {
    const names = group.split("|").flatMap((alternative) => /^\s*([^\s:([<]+)/.exec(alternative)?.[1] ?? []);
    if (names.length > 0) yield names;
  }
}

interface Directory {
  readonly add: (name: string, provider: Provider) => void;
  readonly find: (name: string, architecture: string) => string | undefined;
}

/** Labels by name: of the architecture asked for, else of the system's own, else the first. */
function createDirectory(): Directory {
  const labels = new Map<string, string>();
  const setOnce = (key: string, label: string): void => {
    if (!labels.has(key)) labels.set(key, label);
  };
  return {
    add(name, provider) {
      setOnce(`${name}:${provider.architecture}`, provider.label);
      if (provider.label === provider.name) setOnce(`${name}:native`, provider.label);
      setOnce(name, provider.label);
    },
    find: (name, architecture) => labels.get(`${name}:${architecture}`) ?? labels.get(`${name}:native`) ?? labels.get(name),
  };
}
