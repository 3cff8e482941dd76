import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { cudaCopies, type CudaCopies } from "../facts/cuda-copies.ts";
import { cudaLibraries, type CudaLibrary } from "../facts/cuda-libraries.ts";
import { cudaUsers } from "../facts/cuda-users.ts";
import { fileTree } from "../facts/file-tree.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { textOf } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

/** The same CUDA libraries from NVIDIA's packages and from a framework's wheels or conda. */
export const duplicateCuda: Rule = defineRule({
  name: "duplicate-cuda",
  title: "CUDA libraries from two places",
  meaning:
    "A base image with CUDA and cuDNN brings the libraries that the wheels of PyTorch, TensorFlow and JAX bring again. " +
    "PyTorch's wheels name the folders of their own copies (DT_RPATH, which wins over LD_LIBRARY_PATH), so that those of the " +
    "base are never opened: 1.8 to 2.4 GB, and 1 GB of cuDNN.",
  measure:
    "Compares visible libraries of CUDA, cuDNN and NCCL by the name that programs ask for (`libcublas.so.12`) in the toolkit " +
    "(`/usr/local/cuda*`, `/usr/lib/x86_64-linux-gnu`), in wheels (`nvidia/*/lib`, `torch/lib`) and in conda environments. " +
    "Where both have one, the layers are read again for what each program, library and Python module asks for: needed libraries, names " +
    "and paths among constants, each found as the loader would (RPATH, LD_LIBRARY_PATH, RUNPATH, its settings), and what a framework has " +
    "loaded by then. The toolkit's files and links that nothing resolves to count; the others are named with one that uses them. A " +
    "library of another major version than the framework's is a finding apart.",
  risk:
    "onnxruntime-gpu, CTranslate2 (faster-whisper), CuPy, TensorRT, vLLM, llama-cpp-python, and what builds extensions when " +
    "it runs load the toolkit's: while such a package is installed nothing is counted, only said. A program that puts the name of a " +
    "library together is not seen; `deadweight verify` shows a library that is no longer found. Between wheels and " +
    "conda it is not known which copy is used: said, not counted. Keep NVIDIA_VISIBLE_DEVICES and NVIDIA_DRIVER_CAPABILITIES " +
    "when you change the base.",
  evaluate: (facts) => {
    const libraries = facts.get(cudaLibraries);
    if (libraries.length === 0) return { notApplicable: "no CUDA libraries" };
    const { superseded, elsewhere, ...sorted } = sortedOut(libraries);
    const copies = facts.get(cudaCopies);
    const twice = copies?.obstacle === undefined ? (copies?.unusedOf(sorted.twice) ?? sorted.twice) : sorted.twice;
    const why =
      copies === undefined ? "wheels or conda have them too" : "wheels or conda have them too and nothing resolves to these";
    return [
      ...finding(facts, twice, "verified", copies?.obstacle === undefined ? why : "wheels or conda have them too"),
      ...inUse(facts, copies),
      ...finding(facts, superseded, "opt-in", "wheels or conda have another major version"),
      ...ambiguous(elsewhere),
    ];
  },
});

const remedy =
  "deadweight optimize --level verified, or base the image on python:X-slim or nvidia/cuda:X-base instead of a runtime or devel image";

interface SortedOut {
  /** The toolkit's, where the same is in a wheel or conda. */
  readonly twice: readonly CudaLibrary[];
  /** The toolkit's, where a wheel or conda has the library with another major version alone. */
  readonly superseded: readonly CudaLibrary[];
  /** In a wheel and in conda. */
  readonly elsewhere: readonly CudaLibrary[];
}

function sortedOut(libraries: readonly CudaLibrary[]): SortedOut {
  const own = libraries.filter(({ place }) => place !== "toolkit");
  const toolkit = libraries.filter(({ place }) => place === "toolkit");
  const sonames = new Set(own.map(({ soname }) => soname));
  const stems = new Set(own.map(({ stem }) => stem));
  const inConda = new Set(own.filter(({ place }) => place === "conda").map(({ soname }) => soname));
  return {
    twice: toolkit.filter(({ soname }) => sonames.has(soname)),
    superseded: toolkit.filter(({ soname, stem }) => !sonames.has(soname) && stems.has(stem)),
    elsewhere: own.filter(({ place, soname }) => place === "wheel" && inConda.has(soname)),
  };
}

function finding(facts: Facts, found: readonly CudaLibrary[], safety: "verified" | "opt-in", what: string): RuleFinding[] {
  if (found.length === 0) return [];
  const { frameworks, ofToolkit } = facts.get(cudaUsers);
  const homes = someOf([...new Set(found.map(({ home }) => `/${textOf(home)}`))]);
  const message = `${described(found)} of ${homes}; ${what}`;
  const why = ofToolkit.length > 0 ? `${someOf(ofToolkit)} may load the toolkit's` : "no framework is known to load the others";
  if (ofToolkit.length > 0 || frameworks.length === 0)
    return [{ message: `${message}, not counted: ${why}`, safety: "opt-in", claims: [] }];
  const claims = removalClaims(
    facts.get(fileTree),
    found.map(({ entry }) => entry),
  );
  return [
    { message: `${message}, which ${someOf(frameworks)} ${frameworks.length === 1 ? "loads" : "load"}`, safety, remedy, claims },
  ];
}

/** The toolkit's copies that something resolves to, each with one that does. */
function inUse(facts: Facts, copies: CudaCopies | undefined): RuleFinding[] {
  if (copies === undefined || copies.obstacle !== undefined || copies.users.size === 0) return [];
  const tree = facts.get(fileTree);
  const pathOf = (entry: number): string => (entry < 0 ? "LD_PRELOAD" : `/${textOf(tree.path(entry))}`);
  const names = [...copies.users].map(([library, user]) => `${pathOf(library)} by ${pathOf(user)}`);
  const message = `wheels or conda have them too, but the toolkit's are used, not counted: ${someOf(names)}`;
  return [{ message, safety: "opt-in", claims: [] }];
}

function ambiguous(found: readonly CudaLibrary[]): RuleFinding[] {
  if (found.length === 0) return [];
  const message = `${described(found)} both in wheels and in conda, not counted: which are loaded is not known`;
  return [
    { message, safety: "opt-in", remedy: "install the framework with pip or with conda, not parts of it with each", claims: [] },
  ];
}

/** `12 CUDA libraries (libcublas.so.12, libcudnn.so.9 and 10 more)`. */
function described(found: readonly CudaLibrary[]): string {
  const names = [...new Set(found.map(({ soname }) => soname))].toSorted();
  return `${countOf(names.length, "CUDA library", "CUDA libraries")} (${someOf(names)})`;
}
