import type { InstalledPackage } from "./packages.ts";
import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { someOf } from "../lib/some-of.ts";
import { buildPackages } from "./build-packages.ts";
import { fileTree } from "./file-tree.ts";
import { owners } from "./owners.ts";
import { packageEntries } from "./package-entries.ts";
import { runtimeNeeds } from "./runtime-needs.ts";

/** Why a file of a tool chain may be needed when a container runs: programs compile with it, or packages that stay ask for it. */
export type DevelopmentNeed = "programs" | "packages";

/** Which headers, archives and other files of a tool chain something that is installed needs. */
export interface DevelopmentNeeds {
  /** Undefined for what nothing is known to need. */
  readonly of: (entry: number) => DevelopmentNeed | undefined;
  /** The need in words, for the end of a sentence. */
  readonly reason: (need: DevelopmentNeed) => string;
}

const systemKinds = new Set<string>(["dpkg", "apk", "rpm"]);
const cudaFolders = "^(?:usr/local|opt)/(?:nvidia/)?cuda[^/]*/";
const cudaModules = "/(?:site|dist)-packages/(?:nvidia|cupy[^/]*|flashinfer[^/]*|deep_gemm|tilelang|warp)/";
const cudaPath = new RegExp(`${cudaFolders}|${cudaModules}`);

/**
 * Files of a package of dpkg, apk or rpm are needed when the package is (facts/build-packages.ts); of the rest, those of CUDA by
 * what calls nvcc or NVRTC, and the others by any compiler.
 */
export const developmentNeeds: Fact<DevelopmentNeeds> = defineFact("development-needs", (facts: Facts) => {
  const tree = facts.get(fileTree);
  const { onDemand, needed, neededWhy, idle } = facts.get(buildPackages);
  const entriesOf = (packages: readonly InstalledPackage[]): ReadonlySet<number> => packageEntries(tree, packages);
  const [called, required, free] = [entriesOf(onDemand), entriesOf(needed), entriesOf(idle)];
  const needs = facts.get(runtimeNeeds);
  const forCuda = needs.has("cuda-compiler", "cuda-headers");
  const forAny = forCuda || needs.has("c-compiler");
  return {
    of: (entry) => {
      if (called.has(entry)) return "programs";
      if (required.has(entry)) return "packages";
      const owner = facts.get(owners).of(entry);
      if (free.has(entry) || systemKinds.has(owner.kind)) return undefined;
      const isOfCuda = owner.kind === "cuda" || cudaPath.test(tree.path(entry));
      return (isOfCuda ? forCuda : forAny) ? "programs" : undefined;
    },
    reason: (need) => {
      if (need === "packages") return `of packages that stay, as ${neededWhy}`;
      return `needed where ${someOf(needs.reasons("c-compiler", "cuda-compiler", "cuda-headers"))}`;
    },
  };
});
