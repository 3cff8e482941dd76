import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogers } from "../catalogers/index.ts";
import type { Cataloger, Package, WantedFile } from "../contracts/cataloger.ts";
import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { wantedFiles } from "../image/wanted-files.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import type { CapturedFile } from "../model/layer-index.ts";
import type { Problem } from "../model/report.ts";
import { fileTree, type FileTree } from "./file-tree.ts";

/** A package with the nodes of the paths that it owns and that are in the image; `paths` is made from them when asked for. */
export interface InstalledPackage extends Package {
  readonly nodes: Uint32Array;
}

/** The packages by cataloger once a layer is stacked; a list is the same as in the layer below when nothing changed. */
export type CatalogedPackages = ReadonlyMap<Cataloger, readonly InstalledPackage[]>;

/** What the image's package databases say. */
export interface InstalledPackages {
  /** What a container would show if the image ended at each layer, lowest first. */
  readonly layers: readonly CatalogedPackages[];
  /** What the whole image shows. */
  readonly final: readonly InstalledPackage[];
  /** Databases that could not be read, and wanted files that were not looked into. */
  readonly problems: readonly Problem[];
}

/** The packages that the image's databases list, layer by layer. */
export const packages: Fact<InstalledPackages> = defineFact("packages", (facts: Facts): InstalledPackages => {
  const tree = facts.get(fileTree);
  const problems: Problem[] = [];
  const layers = facts.layers.map(() => new Map<Cataloger, readonly InstalledPackage[]>());
  const captured = capturedFiles(facts, tree);
  for (const cataloger of catalogers) {
    const wanted = wantedFiles(cataloger.wants);
    const files = captured.filter(({ path }) => wanted(path) !== undefined);
    let latest: readonly InstalledPackage[] = cataloger.wants.length > 0 ? [] : installed(tree, cataloger.catalog([]).packages);
    for (const [layer, found] of layers.entries()) {
      if (files.some((file) => file.layer === layer || file.hiddenBy === layer)) {
        const seen = files.filter((file) => file.layer <= layer && file.hiddenBy > layer);
        const catalog = cataloger.catalog(seen.map((file) => wantedFile(file, facts, file.layer === layer)));
        latest = installed(tree, catalog.packages);
        for (const problem of catalog.problems ?? []) {
          problems.push({ location: { layer: problem.layer, path: textOf(problem.path) }, message: problem.message });
        }
      }
      found.set(cataloger, latest);
    }
  }
  return { layers, final: [...(layers.at(-1)?.values() ?? [])].flat(), problems: unique(problems) };
});

/** Paths as nodes: four bytes each instead of a string, and those that are not in the image fall away. */
function installed(tree: FileTree, found: readonly Package[]): readonly InstalledPackage[] {
  return found.map((one) => {
    const nodes = tree.paths.findAll(one.paths);
    return {
      ...one,
      nodes,
      get paths(): readonly ByteString[] {
        return Array.from(nodes, (node) => tree.paths.path(node));
      },
    };
  });
}

interface CapturedAt {
  readonly path: ByteString;
  readonly layer: number;
  /** The layer that hid it; Infinity while it is visible. */
  readonly hiddenBy: number;
  readonly size: number;
  readonly capture: CapturedFile;
}

/** All captured files, whatever became of them, in path order. */
function capturedFiles(facts: Facts, tree: FileTree): readonly CapturedAt[] {
  const files: CapturedAt[] = [];
  let first = 0;
  for (const [layer, index] of facts.layers.entries()) {
    for (const capture of index.captures) {
      const entry = first + capture.entry;
      const path = tree.path(entry);
      const hiddenBy = tree.fate(entry) === "visible" ? Infinity : tree.hiddenBy(entry);
      files.push({ path, layer, hiddenBy, size: tree.size(entry), capture });
    }
    first += index.count;
  }
  return files.sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : one.layer - other.layer));
}

function wantedFile(file: CapturedAt, facts: Facts, isNew: boolean): WantedFile {
  const { spooled, bytes, entry } = file.capture;
  return {
    path: file.path,
    layer: file.layer,
    size: file.size,
    isNew,
    bytes: () => bytes ?? readFileSync(spooled ?? ""),
    localCopy: () => {
      if (spooled !== undefined) return spooled;
      const copy = join(facts.temporaryFolder, `copy-${file.layer}-${entry}`);
      writeFileSync(copy, bytes ?? new Uint8Array(0), { mode: 0o600 });
      return copy;
    },
  };
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
