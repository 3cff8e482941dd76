import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { buildPackages } from "./build-packages.ts";
import { fileTree } from "./file-tree.ts";
import { owners } from "./owners.ts";
import { packageEntries } from "./package-entries.ts";
import { runtimeNeeds } from "./runtime-needs.ts";

/** Which headers, archives and other files of a tool chain installed programs may compile with when they run. */
export interface DevelopmentNeeds {
  readonly isNeeded: (entry: number) => boolean;
  /** The programs and what they do, as of `RuntimeNeeds.reasons`. */
  readonly reasons: readonly string[];
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
  const build = facts.get(buildPackages);
  const needs = facts.get(runtimeNeeds);
  const onDemand = packageEntries(tree, build.onDemand);
  const idle = packageEntries(tree, build.idle);
  const forCuda = needs.has("cuda-compiler", "cuda-headers");
  const forAny = forCuda || needs.has("c-compiler");
  return {
    isNeeded: (entry) => {
      if (onDemand.has(entry)) return true;
      const owner = facts.get(owners).of(entry);
      if (idle.has(entry) || systemKinds.has(owner.kind)) return false;
      return owner.kind === "cuda" || cudaPath.test(tree.path(entry)) ? forCuda : forAny;
    },
    reasons: needs.reasons("c-compiler", "cuda-compiler", "cuda-headers"),
  };
});
