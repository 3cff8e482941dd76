import { nvidiaPart } from "../catalogers/cuda/nvidia-part.ts";
import type { Cataloger, Package } from "../contracts/cataloger.ts";
import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { ComponentKind } from "../model/report.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { layerOrigins } from "./layer-origins.ts";
import { packages, type CatalogedPackages } from "./packages.ts";

/** Who owns bytes: a package, a cache, a model, the application, or nobody. */
export interface Component {
  readonly kind: ComponentKind;
  readonly name: string;
  readonly version?: string;
  /** For CUDA parts `toolkit`, `wheel` or `conda`; for models what they are. */
  readonly origin?: string;
  /** For CUDA parts their common name, such as `cublas`. */
  readonly part?: string;
  /** What the database says of it; absent for `application` and `unowned`. */
  readonly package?: Package;
}

/** The owners of an image's bytes. */
export interface Owners {
  readonly components: readonly Component[];
  /** The one owner of a stored entry, as things were when its layer was made, else as they are in the end. */
  readonly of: (entry: number) => Component;
}

const unowned: Component = { kind: "unowned", name: "unowned" };
const application: Component = { kind: "application", name: "application" };

/**
 * Gives every stored entry its one owner. A path that a database names belongs to that package; where several do, to the one of
 * higher precedence, then to the first by name. A folder's owner has what no database names, the deepest folder first. The rest
 * is the application's when COPY or ADD brought it, else nobody's: unless a container sees it, and a database of a higher layer names it, as
 * where a layer that lost its own is stored anew.
 */
export const owners: Fact<Owners> = defineFact("owners", (facts: Facts): Owners => {
  const tree = facts.get(fileTree);
  const origins = facts.get(layerOrigins);
  const register = createRegister();
  const nodesOf = globOnce(tree);
  const byEntry = new Uint32Array(tree.entryCount);
  let entry = 0;
  let nodes: Uint32Array | undefined;
  for (const [layer, cataloged] of facts.get(packages).layers.entries()) {
    const below = facts.get(packages).layers[layer - 1];
    if (nodes === undefined || !isSame(cataloged, below)) nodes = ownersOfNodes(tree, cataloged, register, nodesOf);
    const origin = origins.layers[layer];
    const isCopied =
      origin !== undefined && !origin.base && (origin.keyword === "COPY" || (origin.keyword === "ADD" && layer > 0));
    const otherwise = register.numberOf(isCopied ? application : unowned);
    for (const end = entry + (facts.layers[layer]?.count ?? 0); entry < end; entry++) {
      byEntry[entry] = nodes[tree.nodeOf(entry)] || otherwise;
    }
  }
  for (let number = 0; number < byEntry.length; number++) {
    if (byEntry[number] === 0 && tree.isLive(number)) byEntry[number] = nodes?.[tree.nodeOf(number)] ?? 0;
  }
  return { components: register.components, of: (number) => register.components[byEntry[number] ?? 0] ?? unowned };
});

interface Register {
  readonly components: readonly Component[];
  readonly numberOf: (component: Component) => number;
  readonly numberOfPackage: (owner: Package) => number;
}

/** Numbers components: equal kind, name and version are one. Number 0 is `unowned`. */
function createRegister(): Register {
  const components: Component[] = [unowned];
  const numbers = new Map<string, number>([[keyOf(unowned), 0]]);
  const byPackage = new Map<string, number>();
  const numberOf = (component: Component): number => {
    const key = keyOf(component);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, components.length);
    return components.push(component) - 1;
  };
  return {
    components,
    numberOf,
    // Most packages stay as they are from layer to layer.
    numberOfPackage: (owner) => {
      const key = keyOf(owner);
      const number = byPackage.get(key) ?? numberOf(componentOf(owner));
      byPackage.set(key, number);
      return number;
    },
  };
}

function keyOf({ kind, name, version, origin }: Component | Package): string {
  return JSON.stringify([kind, name, version, origin]);
}

function componentOf(owner: Package): Component {
  const { kind, name, version, origin } = owner;
  const nvidia = nvidiaPart(owner);
  return {
    kind: nvidia === undefined ? kind : "cuda",
    name,
    ...(version === undefined ? {} : { version }),
    ...(nvidia === undefined ? {} : { origin: nvidia.origin, part: nvidia.part }),
    ...(origin === undefined ? {} : { origin }),
    package: owner,
  };
}

/** By node: the number of its owner, 0 for none. */
function ownersOfNodes(tree: FileTree, cataloged: CatalogedPackages, register: Register, nodesOf: NodesOfPattern): Uint32Array {
  const nodes = new Uint32Array(tree.paths.count);
  const ascending = [...cataloged].sort(([one], [other]) => one.precedence - other.precedence);
  const owned = ascending.flatMap(([, list]) =>
    list.toSorted(byNameBackwards).map((owner) => ({ owner, number: register.numberOfPackage(owner) })),
  );
  for (const { node, number } of foldersByDepth(tree, owned, nodesOf)) paint(tree, nodes, node, number);
  for (const { owner, number } of owned) for (const node of owner.nodes) nodes[node] = number;
  return nodes;
}

function byNameBackwards(one: Package, other: Package): number {
  return one.name < other.name ? 1 : one.name > other.name ? -1 : 0;
}

function foldersByDepth(
  tree: FileTree,
  owned: readonly { owner: Package; number: number }[],
  nodesOf: NodesOfPattern,
): readonly { node: number; number: number }[] {
  const folders: { node: number; number: number; depth: number }[] = [];
  for (const { owner, number } of owned) {
    for (const pattern of owner.folders ?? []) {
      for (const node of nodesOf(pattern)) if (node > 0) folders.push({ node, number, depth: depthOf(tree, node) });
    }
  }
  return folders.sort((one, other) => one.depth - other.depth);
}

type NodesOfPattern = (pattern: string) => readonly number[];

/** The nodes that match a pattern, in all layers together: looked for once. */
function globOnce(tree: FileTree): NodesOfPattern {
  const known = new Map<string, readonly number[]>();
  return (pattern) => {
    const nodes = known.get(pattern) ?? [...tree.globAll(pattern)];
    known.set(pattern, nodes);
    return nodes;
  };
}

function depthOf(tree: FileTree, node: number): number {
  let depth = 0;
  for (let up = node; up > 0; up = tree.paths.parent(up)) depth++;
  return depth;
}

function paint(tree: FileTree, nodes: Uint32Array, folder: number, number: number): void {
  const pending = [folder];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    nodes[node] = number;
    pending.push(...tree.paths.children(node));
  }
}

function isSame(one: CatalogedPackages, other: CatalogedPackages | undefined): boolean {
  const lists = (cataloged: CatalogedPackages): [Cataloger, readonly Package[]][] => [...cataloged];
  return other !== undefined && lists(one).every(([cataloger, list]) => other.get(cataloger) === list);
}
