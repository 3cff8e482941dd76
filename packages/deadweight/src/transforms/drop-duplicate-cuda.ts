import type { Package } from "../contracts/cataloger.ts";
import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { cudaCopies, type CudaCopies } from "../facts/cuda-copies.ts";
import type { CudaLibrary } from "../facts/cuda-libraries.ts";
import { isPartOfCuda } from "../facts/cuda-users.ts";
import { fileTree } from "../facts/file-tree.ts";
import { packageEntries } from "../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../facts/packages.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { someOf } from "../lib/some-of.ts";
import { dpkgRemovals, isDpkgEditable } from "./remove-packages/dpkg-removals.ts";
import { leavingPackages, type LeavingPackages } from "./remove-packages/leaving-packages.ts";

/** Takes the toolkit's libraries out that frameworks bring again and that nothing in the image resolves to. */
export const dropDuplicateCuda: Transform = defineTransform({
  name: "drop-duplicate-cuda",
  title: "Remove CUDA libraries that frameworks have again and nothing resolves to",
  safety: "verified",
  // Packages that build tools brought are out by then.
  order: 11,
  plan: (facts, context) => {
    const copies = facts.get(cudaCopies);
    if (copies === undefined || copies.twice.length === 0) return [];
    if (copies.obstacle !== undefined) return { edits: [], notes: [`CUDA that is there twice stays: ${copies.obstacle}`] };
    if (cacheIsFixed(facts, context))
      return { edits: [], notes: ["CUDA that is there twice stays: the loader's cache lists it in a layer that is not edited"] };
    const made = settled(facts, context, copies);
    const edits = [...dpkgRemovals(facts, context, made.leaving, "duplicate-cuda"), ...removals(facts, made.free)];
    return { edits, notes: notesOn(copies, made) };
  },
});

/** The loader opens what its cache lists, and looks no further. */
function cacheIsFixed(facts: Facts, { mayEdit, isKept }: PlanContext): boolean {
  const tree = facts.get(fileTree);
  const cache = tree.find("etc/ld.so.cache");
  return cache >= 0 && (!mayEdit(tree.layerOf(cache)) || isKept("etc/ld.so.cache"));
}

interface Decision {
  readonly leaving: LeavingPackages;
  /** Libraries that no package lists. */
  readonly free: readonly CudaLibrary[];
  /** All that goes of the candidates. */
  readonly going: readonly CudaLibrary[];
}

/** What goes: what stays, since its package has to, may need others, which then stay too. */
function settled(facts: Facts, context: PlanContext, copies: CudaCopies): Decision {
  let candidates = copies.unusedOf(copies.twice);
  for (;;) {
    const made = decide(facts, context, candidates);
    const unused = copies.unusedOf(made.going);
    if (unused.length === candidates.length) return made;
    candidates = unused;
  }
}

/** Whole packages go, so that dpkg's database stays true; of what rpm or apk has installed nothing does. */
function decide(facts: Facts, context: PlanContext, candidates: readonly CudaLibrary[]): Decision {
  const tree = facts.get(fileTree);
  const entries = new Set(candidates.map(({ entry }) => entry));
  const installed = facts.get(packages).final.filter(({ kind }) => kind === "dpkg" || kind === "rpm" || kind === "apk");
  const holders = installed.filter((one) => filesOf(facts, one).some((entry) => entries.has(entry)));
  const listed = new Set(holders.flatMap((one) => filesOf(facts, one)));
  const whole = holders.filter((one) => one.kind === "dpkg" && filesOf(facts, one).every((entry) => entries.has(entry)));
  const wanted = new Set<Package>([...whole, ...listsOf(facts, installed, whole)]);
  const leaving = isDpkgEditable(facts, context) ? leavingPackages(facts, context, wanted) : nothingLeaves;
  const isFree = ({ entry }: CudaLibrary): boolean =>
    !listed.has(entry) && context.mayEdit(tree.layerOf(entry)) && !context.isKept(tree.path(entry));
  const free = candidates.filter(isFree);
  return { leaving, free, going: candidates.filter((one) => free.includes(one) || leaving.entries.has(one.entry)) };
}

const nothingLeaves: LeavingPackages = { packages: new Set(), staying: [], entries: new Set(), alternatives: [] };

/** The files and links of a package but for its documentation. */
function filesOf(facts: Facts, one: InstalledPackage): readonly number[] {
  const tree = facts.get(fileTree);
  return [...packageEntries(tree, [one])].filter(
    (entry) => !/^(?:usr\/share\/(?:doc|lintian)|var\/lib\/dpkg)\//.test(tree.path(entry)),
  );
}

/** Packages of NVIDIA that are no more than a list of such packages: `cuda-libraries-12-4`. */
function listsOf(facts: Facts, installed: readonly InstalledPackage[], going: readonly Package[]): readonly Package[] {
  const names = new Set(going.map(({ name }) => name));
  return installed.filter(
    (one) => isPartOfCuda(one) && one.requires?.some((name) => names.has(name)) === true && filesOf(facts, one).length === 0,
  );
}

function removals(facts: Facts, free: readonly CudaLibrary[]): readonly PlannedEdit[] {
  const claims = removalClaims(
    facts.get(fileTree),
    free.map(({ entry }) => entry),
  );
  const reason = "duplicate-cuda: frameworks have their own, and nothing resolves to it";
  return claims.map(({ entry }): PlannedEdit => ({ entry, edit: { action: "remove" }, reason }));
}

function notesOn(copies: CudaCopies, { going }: Decision): readonly string[] {
  const left = copies.unusedOf(copies.twice).filter((one) => !going.includes(one));
  if (left.length === 0) return [];
  const names = someOf([...new Set(left.map(({ soname }) => soname))].toSorted());
  return [`CUDA that is there twice stays, ${names}: its package has other files, others need it, or its layer is not edited`];
}
