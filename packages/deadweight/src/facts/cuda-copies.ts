import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { someOf } from "../lib/some-of.ts";
import { cudaLibraries, type CudaLibrary } from "./cuda-libraries.ts";
import { cudaUsers } from "./cuda-users.ts";
import { fileTree } from "./file-tree.ts";
import { libraries } from "./libraries.ts";
import { owners } from "./owners.ts";
import { programs } from "./programs.ts";
import { pythonPackages } from "./python-packages.ts";

/** Which of the toolkit's libraries that frameworks bring as well are used, by what the loader would take. */
export interface CudaCopies {
  /** Why none may go, whatever resolves to them. */
  readonly obstacle?: string;
  /** Names of libraries, files and links, of `candidates` that nothing in the image resolves to. */
  readonly unusedOf: (candidates: readonly CudaLibrary[]) => readonly CudaLibrary[];
  /** The toolkit's libraries that are there twice: what `unusedOf` begins with. */
  readonly twice: readonly CudaLibrary[];
  /** Files that a name of the toolkit's is used by, for those that are used: by the entry of the library. */
  readonly users: ReadonlyMap<number, number>;
}

/** Whether CUDA is there twice, so that programs have to be looked into to know which copy is used. */
export const cudaIsTwice: Fact<boolean> = defineFact("cuda-is-twice", (facts: Facts) => twiceIn(facts).length > 0);

/** The copies; undefined when the programs of the image were not looked into. */
export const cudaCopies: Fact<CudaCopies | undefined> = defineFact("cuda-copies", (facts: Facts): CudaCopies | undefined => {
  if (facts.get(programs) === undefined || facts.get(libraries) === undefined) return undefined;
  const twice = twiceIn(facts);
  const asked = askedFor(facts);
  const obstacle = obstacleIn(facts);
  const users = new Map<number, number>();
  const unusedOf = (candidates: readonly CudaLibrary[]): readonly CudaLibrary[] => usedUp(facts, candidates, asked, users);
  unusedOf(twice);
  return { ...(obstacle === undefined ? {} : { obstacle }), unusedOf, twice, users };
});

function twiceIn(facts: Facts): readonly CudaLibrary[] {
  const all = facts.get(cudaLibraries);
  const own = new Set(all.filter(({ place }) => place !== "toolkit").map(({ soname }) => soname));
  return all.filter(({ place, soname }) => place === "toolkit" && own.has(soname));
}

function obstacleIn(facts: Facts): string | undefined {
  const { frameworks, ofToolkit } = facts.get(cudaUsers);
  if (ofToolkit.length > 0) return `${someOf(ofToolkit)} may load the toolkit's`;
  if (frameworks.length === 0) return "no framework is known to load the others";
  // Both open libraries by names that they put together.
  const opening = frameworks.find((name) => /^(?:tensorflow|jax)/.test(name));
  const hasOwn = [...facts.get(pythonPackages).keys()].some((name) => /^nvidia-cudnn(?:-|$)/.test(name));
  if (opening !== undefined && !hasOwn) return `${opening} came without CUDA's wheels`;
  return facts.get(programs)?.isCut === true ? "there are more programs than can be looked into" : undefined;
}

/** A file and the library that the loader takes for a name in it. */
interface Request {
  readonly from: number;
  readonly to: number;
}

/** All that files ask of the toolkit's copies and do not get from what a framework has loaded already. */
function askedFor(facts: Facts): readonly Request[] {
  const tree = facts.get(fileTree);
  const [read, library] = [facts.get(programs), facts.get(libraries)];
  if (read === undefined || library === undefined) return [];
  const toolkit = new Map<number, CudaLibrary>();
  for (const one of facts.get(cudaLibraries)) {
    const content = one.place === "toolkit" ? tree.resolve(tree.path(one.entry)) : -1;
    if (content >= 0) toolkit.set(tree.contentOf(content), one);
  }
  const loaded = loadedBy(facts);
  const requests: Request[] = [];
  const ask = (from: number, to: number): void => {
    if (to >= 0 && toolkit.has(tree.contentOf(to))) requests.push({ from, to: tree.contentOf(to) });
  };
  for (const entry of tree.all()) {
    if (tree.type(entry) !== "file") continue;
    const needs = read.elf(entry);
    const named = read.mentions(entry);
    if (needs === undefined) for (const to of namedByText(facts, named, toolkit, entry)) ask(entry, to);
    else
      for (const name of [...needs.needed, ...named])
        if (!loaded.has(entry, name)) ask(entry, name.startsWith("/") ? tree.resolve(name) : library.find(entry, name));
  }
  for (const path of preloaded(facts)) ask(-1, tree.resolve(path));
  return requests;
}

/** Paths and names of files in a text: `ctypes.CDLL("libcudart.so")` takes whatever the loader finds. A framework's texts mean its own. */
function namedByText(
  facts: Facts,
  named: readonly ByteString[],
  toolkit: ReadonlyMap<number, CudaLibrary>,
  entry: number,
): readonly number[] {
  if (named.length === 0) return [];
  const tree = facts.get(fileTree);
  const { frameworks } = facts.get(cudaUsers);
  const { kind, name } = facts.get(owners).of(entry);
  const isOwn = kind === "cuda" || (kind === "python" && frameworks.includes(name));
  return named.flatMap((text) => {
    if (text.startsWith("/")) return tree.resolve(text);
    const stem = isOwn ? undefined : /^=(lib[A-Za-z]+)\.so/.exec(text)?.[1];
    return stem === undefined ? [] : [...toolkit].filter(([, one]) => one.stem === stem).map(([content]) => content);
  });
}

function preloaded({ image }: Facts): readonly string[] {
  const set = image.config.environment.findLast((line) => line.startsWith("LD_PRELOAD="))?.slice("LD_PRELOAD=".length) ?? "";
  return set.split(/[: ]+/).filter((path) => path.startsWith("/"));
}

interface Loaded {
  /** Whether a file gets a library of that name from what a framework has loaded, which the loader takes for all that ask later. */
  readonly has: (entry: number, name: ByteString) => boolean;
}

/**
 * What frameworks have loaded of their own copies by the time that other files of theirs are: the parts of CUDA beside them, and files that
 * need a framework's library which the loader finds for nobody but who has it already.
 */
function loadedBy(facts: Facts): Loaded {
  const tree = facts.get(fileTree);
  const [read, library] = [facts.get(programs), facts.get(libraries)];
  const { frameworks } = facts.get(cudaUsers);
  const own = new Map<number, CudaLibrary>();
  for (const one of facts.get(cudaLibraries)) {
    const content = one.place === "toolkit" ? -1 : tree.resolve(tree.path(one.entry));
    if (content >= 0) own.set(tree.contentOf(content), one);
  }
  const names = new Set<ByteString>();
  const provided = new Set<ByteString>();
  const take = (entry: number): void => {
    for (const name of read?.elf(entry)?.needed ?? []) {
      const found = library?.find(entry, name) ?? -1;
      const copy = found < 0 ? undefined : own.get(tree.contentOf(found));
      if (copy === undefined || names.has(name)) continue;
      names.add(name);
      take(found);
    }
  };
  for (const entry of tree.all()) {
    const soname = tree.type(entry) === "file" ? read?.elf(entry)?.soname : undefined;
    const { kind, name } = facts.get(owners).of(entry);
    if (soname === undefined || kind !== "python" || !frameworks.includes(name)) continue;
    provided.add(soname);
    take(entry);
  }
  const isBorrower = (entry: number): boolean =>
    read?.elf(entry)?.needed.some((name) => provided.has(name) && (library?.find(entry, name) ?? -1) < 0) === true;
  return { has: (entry, name) => names.has(name) && (own.has(tree.contentOf(entry)) || isBorrower(entry)) };
}

/** The candidates that nothing asks for but other candidates that go. */
function usedUp(
  facts: Facts,
  candidates: readonly CudaLibrary[],
  asked: readonly Request[],
  users: Map<number, number>,
): readonly CudaLibrary[] {
  const tree = facts.get(fileTree);
  const contentOf = ({ entry }: CudaLibrary): number => {
    const found = tree.resolve(tree.path(entry));
    return found < 0 ? entry : tree.contentOf(found);
  };
  const going = new Set(candidates.map(contentOf));
  for (let before = -1; before !== going.size;) {
    before = going.size;
    for (const { from, to } of asked) {
      if (!going.has(to) || (from >= 0 && going.has(tree.contentOf(from)))) continue;
      going.delete(to);
      users.set(to, from);
    }
  }
  return candidates.filter((one) => going.has(contentOf(one)));
}
