import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { cudaUsers } from "../facts/cuda-users.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { owners } from "../facts/owners.ts";
import { packages } from "../facts/packages.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { textOf } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

/** CUDA in an image whose programs don't use a GPU. */
export const cudaWithoutGpuUse: Rule = defineRule({
  name: "cuda-without-gpu-use",
  title: "CUDA that nothing uses",
  meaning:
    "A service without a GPU of its own is often built on the CUDA image of its neighbours, or has CUDA's wheels beside a " +
    "PyTorch for CPUs (`+cpu`). Several such images were found with 6 GB of CUDA each.",
  measure:
    "Takes all visible files that belong to parts of CUDA (toolkit, wheels, conda) when no installed Python, conda, npm or " +
    "system package is known by name to use CUDA or depends on a part of it. A PyTorch without `libtorch_cuda.so` and a " +
    "numba without `libnvvm.so` are for CPUs.",
  risk:
    "Packages are judged by names and dependencies: what programs link or open is not read yet. An image with native " +
    "programs or libraries of its own, from COPY or built in a RUN, is therefore not judged. Some software tells GPU from " +
    "CPU at run time and merely slows down, so compare more than whether it starts.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const { of } = facts.get(owners);
    const entries = [...tree.all()].filter((entry) => tree.type(entry) !== "directory" && of(entry).kind === "cuda");
    if (entries.length === 0) return { notApplicable: "no CUDA in the image" };
    if (facts.get(cudaUsers).all.length > 0) return [];
    const native = nativePrograms(facts);
    if (native.length > 0) return { notApplicable: `native programs of the image's own may use CUDA: ${someOf(native)}` };
    const parts = new Set(entries.map((entry) => of(entry).part ?? of(entry).name));
    const names = someOf([...parts].toSorted());
    const looked = countOf(facts.get(packages).final.filter(({ kind }) => kind !== "cuda" && kind !== "cache").length, "package");
    return [
      {
        message: `${countOf(parts.size, "part")} of CUDA (${names}), and none of ${looked} is known to use CUDA`,
        safety: "opt-in",
        remedy: "base the image on python:X-slim, ubuntu or debian; leave the nvidia-* wheels out",
        claims: removalClaims(tree, entries),
      },
    ];
  },
});

/** Paths of what may be compiled programs and libraries that no package owns, in the user's own layers. */
function nativePrograms(facts: Facts): readonly string[] {
  const tree = facts.get(fileTree);
  const { layers } = facts.get(layerOrigins);
  const { of } = facts.get(owners);
  const isOwn = (entry: number): boolean => {
    const { kind } = of(entry);
    return layers[tree.layerOf(entry)]?.base !== true && (kind === "application" || kind === "unowned");
  };
  return [...tree.all()]
    .filter((entry) => mayBeNative(tree, entry) && isOwn(entry))
    .map((entry) => `/${textOf(tree.path(entry))}`);
}

// Interpreters and their libraries use no CUDA by themselves, and scripts are no native programs.
const interpreter = "(?:^|/)(?:(?:lib)?python[^/]*|pip[^/]*|node|npm|npx|corepack|uv|uvx|conda|mamba)$|/lib-dynload/";
const script = "\\.(?:py|pyc|sh|bash|pl|rb|js|mjs|ts|txt|json|md|html|css)$|/bin/activate[^/]*$";
const harmless = new RegExp(`${interpreter}|${script}`);

function mayBeNative(tree: FileTree, entry: number): boolean {
  if (tree.type(entry) !== "file" || tree.size(entry) < 4096) return false;
  const path = tree.path(entry);
  const isLibrary = /\.so(?:\.\d+)*$/.test(path);
  const isProgram = tree.elfSections(entry).length > 0 || (tree.mode(entry) & 0o111) !== 0;
  return (isLibrary || isProgram) && !harmless.test(path);
}
