import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { pythonPackages } from "./python-packages.ts";

/** Weights of a model in a format that is not loaded, as the same are there as safetensors. */
export interface OtherWeights {
  /** The names that go: files and links. */
  readonly entries: ReadonlySet<number>;
  /** Their paths. */
  readonly paths: readonly ByteString[];
}

// transformers, modeling_utils.py: safetensors are loaded where they are there, whatever else is. The names are those of
// utils/__init__.py (WEIGHTS_NAME and the rest), diffusers' utils/constants.py, peft's utils/constants.py.
const pairs: readonly { readonly other: RegExp; readonly safe: string; readonly loader?: string }[] = [
  { other: /^pytorch_model(-\d{5}-of-\d{5})?\.bin$/, safe: "model" },
  { other: /^(diffusion_pytorch_model|adapter_model|model|open_clip_pytorch_model)(-\d{5}-of-\d{5})?\.bin$/, safe: "$1" },
  { other: /^tf_model(-\d{5}-of-\d{5})?\.h5$/, safe: "model", loader: "tensorflow" },
  { other: /^flax_model(-\d{5}-of-\d{5})?\.msgpack$/, safe: "model", loader: "flax" },
];

/** Sizes of the same weights differ by headers alone; another element type would halve or double them. */
const mostDifference = 0.1;

/** Weights that are there twice in formats of which safetensors is taken: same folder, same size within a tenth. */
export const otherWeights: Fact<OtherWeights> = defineFact("other-weights", (facts: Facts) => {
  const tree = facts.get(fileTree);
  const installed = facts.get(pythonPackages);
  const folders = new Set([...tree.glob("**/*.safetensors")].map((node) => tree.paths.parent(node)));
  const links = new Set<number>();
  for (const folder of folders) {
    const files = filesIn(tree, folder);
    for (const { other, safe, loader } of pairs) {
      if (loader !== undefined && installed.has(loader)) continue;
      for (const entry of repeated(files, other, safe)) links.add(entry);
    }
  }
  return { entries: withBlobs(tree, links), paths: [...links].map((entry) => tree.path(entry)) };
});

interface NamedFile {
  readonly name: ByteString;
  readonly entry: number;
  /** Of what the name leads to. */
  readonly size: number;
}

function filesIn(tree: FileTree, folder: number): NamedFile[] {
  const files: NamedFile[] = [];
  for (const node of tree.paths.children(folder)) {
    const entry = tree.visible(node);
    const target = entry < 0 ? -1 : tree.resolve(tree.path(entry));
    if (target >= 0 && tree.type(target) !== "directory") {
      files.push({ name: tree.paths.name(node), entry, size: tree.size(tree.contentOf(target)) });
    }
  }
  return files;
}

/** The files of one set of weights whose safetensors are there too, all parts of them. */
function repeated(files: readonly NamedFile[], other: RegExp, safe: string): number[] {
  const sets = Map.groupBy(
    files.filter(({ name }) => other.test(name)),
    ({ name }) => name.replace(other, safe),
  );
  return [...sets].flatMap(([stem, set]) => {
    const kept = files.filter(({ name }) => partOf(stem).test(name));
    const difference = Math.abs(bytesOf(kept) - bytesOf(set)) / bytesOf(set);
    return isWhole(kept) && difference <= mostDifference ? set.map(({ entry }) => entry) : [];
  });
}

function partOf(stem: string): RegExp {
  return new RegExp(`^${stem}(?:-\\d{5}-of-(\\d{5}))?\\.safetensors$`);
}

function isWhole(files: readonly NamedFile[]): boolean {
  const parts = /-of-(\d{5})\.safetensors$/.exec(files[0]?.name ?? "")?.[1];
  return files.length === Number(parts ?? 1);
}

function bytesOf(files: readonly NamedFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Links with the blobs of a Hugging Face cache that no other link leads to. */
function withBlobs(tree: FileTree, links: ReadonlySet<number>): Set<number> {
  const targets = new Set<number>();
  for (const entry of links) if (tree.type(entry) === "symlink") targets.add(tree.resolve(tree.path(entry)));
  if (targets.size === 0) return new Set(links);
  for (const entry of tree.all()) {
    if (tree.type(entry) === "symlink" && !links.has(entry)) targets.delete(tree.resolve(tree.path(entry)));
  }
  return new Set([...links, ...targets]);
}
