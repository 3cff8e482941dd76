import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { developmentFindings } from "../claims/development-findings.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { owners } from "../facts/owners.ts";
import type { ByteString } from "../lib/byte-string.ts";

/** Headers and what tells build systems where libraries are. */
export const developmentFiles: Rule = defineRule({
  name: "development-files",
  title: "Headers and other files for building",
  meaning:
    "Headers, pkg-config and CMake files, libtool archives and the links under which linkers look for libraries (`libz.so`) " +
    "are read when software is built. Running programs load `libz.so.1`. They come with `-dev` packages, CUDA's `devel` " +
    "images and inside wheels: PyTorch's headers, those of `nvidia-*` wheels, NumPy's.",
  measure:
    "Counts visible files below `/usr/include`, `/usr/local/include`, CUDA's and conda's `include`; headers below `include` " +
    "folders of PyTorch, TensorFlow, NumPy, `nvidia-*` and some more Python packages; `*.pc` in `pkgconfig`, `*.cmake` in " +
    "`cmake` and `*.m4` in `aclocal` folders; `lib*.la` right in a library folder; and links named `lib*.so` that belong to " +
    "a `-dev` or `-devel` package.",
  risk:
    "Nothing can be built against the libraries any more. Where an installed package compiles when it runs (Triton, " +
    "torch.compile, CuPy, FlashInfer, deepspeed and others), or packages that stay depend on a compiler or a `-dev` package, " +
    "what they may read is a finding apart, to be asked for by name. `pyconfig.h` stays, as Python's sysconfig may read it; " +
    "so do headers of Python packages not named above, `.la` files of plug-ins, by which ImageMagick loads them, CMake's own " +
    "modules, and CUDA's `lib*.so` links, which programs open by that name. Another program that opens a library by its " +
    "linker name is not seen.",
  evaluate: (facts) =>
    developmentFindings(facts, {
      entries: new Set(developmentEntries(facts)),
      noun: "file for building",
      plural: "files for building",
      place: placeOf,
      remedy:
        "build in a stage of its own and install the libraries alone in the last one; deadweight optimize --level verified removes " +
        "Debian's -dev packages that nothing else needs, and leaves what other packages, Python's and make install brought",
    }),
});

const wholeFolders = ["usr/include", "usr/local/include", "usr/local/cuda*/include", "usr/local/cuda*/targets/*/include"];

function* developmentEntries(facts: Facts): Generator<number> {
  const tree = facts.get(fileTree);
  const folders = new Set(wholeFolders.flatMap((pattern) => [...tree.globAll(pattern)]));
  for (const entry of tree.all()) {
    if (tree.type(entry) === "directory") continue;
    const node = tree.nodeOf(entry);
    if (tree.paths.name(node) === "pyconfig.h") continue;
    if (isWithin(tree, node, folders) || isForBuilding(tree, entry) || isLinkerName(facts, entry)) yield entry;
  }
}

function isWithin(tree: FileTree, node: number, folders: ReadonlySet<number>): boolean {
  for (let up = tree.paths.parent(node); up > 0; up = tree.paths.parent(up)) if (folders.has(up)) return true;
  return false;
}

// Modules that don't compile with their headers by themselves, or that facts/runtime-needs.ts knows to.
const modules = "torch|torchvision|tensorflow|jaxlib|triton|nvidia|cupy[^/]*|numpy|scipy|pyarrow|pybind11|nanobind|onnx";
const inModule = `/(?:site|dist)-packages/(?:${modules})/(?:.+/)?include/`;
const inConda = "(?:^|/)(?:(?:ana|mini)?conda\\d?|micromamba|mambaforge|miniforge\\d?)/(?:envs/[^/]+/)?include/";
const headerFolder = new RegExp(`${inModule}|${inConda}`);

/** By the ending of the name and the folders above it; one expression for each kind of file. */
const kinds: ReadonlyMap<string, RegExp> = new Map([
  ...["h", "hh", "hpp", "hxx", "cuh", "inl", "ipp", "tcc", "tpp"].map((ending): [string, RegExp] => [ending, headerFolder]),
  ["pc", /\/pkgconfig\/[^/]+$/],
  ["cmake", /\/(?:lib(?:64)?\/(?:[^/]+\/)?cmake|share\/cmake)\//],
  ["m4", /\/share\/aclocal(?:-[\d.]+)?\/[^/]+$/],
  ["la", /(?:^|\/)lib(?:64)?\/(?:[^/]+-linux-[^/]+\/)?lib[^/]+$/],
]);

function isForBuilding(tree: FileTree, entry: number): boolean {
  const name = tree.paths.name(tree.nodeOf(entry));
  const folders = kinds.get(name.slice(name.lastIndexOf(".") + 1));
  return folders?.test(tree.path(entry)) === true;
}

function isLinkerName(facts: Facts, entry: number): boolean {
  const tree = facts.get(fileTree);
  if (tree.type(entry) !== "symlink" || !/^lib.+\.so$/.test(tree.paths.name(tree.nodeOf(entry)))) return false;
  const owner = facts.get(owners).of(entry);
  return owner.kind !== "cuda" && /-dev(?:el)?(?::|$)/.test(owner.name);
}

/** `usr/include`, or the Python package's own. */
function placeOf(path: ByteString): ByteString {
  return /^.*?\/(?:include|pkgconfig|cmake|aclocal)(?=\/)/.exec(path)?.[0] ?? path.slice(0, path.lastIndexOf("/"));
}
