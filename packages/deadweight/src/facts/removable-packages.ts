import type { Package } from "../contracts/cataloger.ts";
import { packageClosure } from "./package-closure.ts";

/** What can go, and what of it stays for a reason that the dependencies don't tell. */
export interface Removal<P extends Package> {
  readonly removable: readonly P[];
  /** Only they needed it, but it stays: a shared library that others may load, an interpreter, certificates. */
  readonly spared: readonly P[];
}

// What a script calls or reads is in no database: interpreters, certificates, zones, and what health checks call.
const scriptsUse = new RegExp(
  "^(?:ca-certificates|tzdata|netbase|openssl|media-types|mime-support|shared-mime-info|locales|curl|wget|bash|" +
    "perl-base|(?:lib)?python|nodejs|ruby|php|lua|openjdk|default-jre)",
);

// Libraries that nothing but compilers, linkers, debuggers and their sanitizers load, and Perl's own.
const toolLibraries = new RegExp(
  "^lib(?:cc1|mpc|mpfr|isl|ctf|sframe|binutils|gprofng|[alt]san|hwasan|ubsan|itm|llvm|clang|perl|babeltrace|ipt|" +
    "source-highlight|debuginfod)",
  "i",
);

/**
 * Which packages of one package manager can go with `tools`: themselves and the automatic packages that nobody else needs, as
 * `apt-get purge --auto-remove` has it. What is essential, in `kept`, or needed by what stays is left. Packages with shared
 * libraries are spared, as it is not known which programs outside the package manager load them.
 */
export function removablePackages<P extends Package>(
  all: readonly P[],
  tools: ReadonlySet<P>,
  kept: ReadonlySet<P> = new Set(),
): Removal<P> {
  const { candidates, roots, installed } = needlessWithout(all, tools, kept);
  const spared = candidates.filter((one) => !tools.has(one) && mayBeUsed(one));
  const staying = packageClosure([...roots, ...spared], installed);
  return { removable: candidates.filter((one) => !staying.has(one)), spared };
}

/** Packages that are there for `tools` alone, and these: what is not installed where they are not. Libraries are among them. */
export function neededByNoOther<P extends Package>(
  all: readonly P[],
  tools: ReadonlySet<P>,
  kept: ReadonlySet<P> = new Set(),
): readonly P[] {
  return needlessWithout(all, tools, kept).candidates;
}

interface Needless<P> {
  readonly candidates: readonly P[];
  readonly roots: readonly P[];
  readonly installed: ReadonlyMap<string, P>;
}

function needlessWithout<P extends Package>(all: readonly P[], tools: ReadonlySet<P>, kept: ReadonlySet<P>): Needless<P> {
  const installed = new Map(all.map((one) => [one.name, one]));
  const isManual = (one: Package): boolean => one.essential === true || one.automatic !== true;
  // An automatic package that no other needs was recommended by one: it stays.
  const fromManual = packageClosure(
    all.filter((one) => isManual(one) || tools.has(one)),
    installed,
  );
  const roots = all.filter(
    (one) => kept.has(one) || one.essential === true || (!tools.has(one) && (isManual(one) || !fromManual.has(one))),
  );
  const needed = packageClosure(roots, installed);
  const candidates = [...packageClosure(tools, installed)].filter((one) => !needed.has(one));
  return { candidates, roots, installed };
}

function mayBeUsed(one: Package): boolean {
  if (scriptsUse.test(one.name)) return true;
  return carriesLibrary(one) && !toolLibraries.test(one.name);
}

/** Whether it has a library under the name that programs load, `libz.so.1`, and not for the linker alone, `libz.so`. */
export function carriesLibrary(one: Package): boolean {
  return one.paths.some((path) => /\/[^/]+\.so\.\d[^/]*$/.test(path));
}
