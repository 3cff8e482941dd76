import type { Facts } from "../contracts/fact.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import type { Violation } from "../model/violation.ts";
import { attributesOf } from "../facts/visible-attributes.ts";

/** More can't be stacked by overlayfs as engines mount it. */
const mostLayers = 125;

/**
 * Every rule that an image breaks which engines refuse, or treat differently: of its manifest and config, and of each layer's entries.
 * Digests and sizes were checked when it was read.
 */
export function validateImage(facts: Facts): readonly Violation[] {
  return [...validateForm(facts), ...validateEntries(facts)];
}

function validateForm({ image, layers }: Facts): readonly Violation[] {
  const rows = image.config.history.filter((row) => !row.emptyLayer).length;
  const violations = layers.flatMap((layer, place) => validateMediaType(layer, place, image.layers[place]?.mediaType ?? ""));
  if (image.config.history.length > 0 && rows !== layers.length) {
    violations.push({
      invariant: "history",
      message: "the history has not one row for each layer",
      expected: String(layers.length),
      actual: String(rows),
    });
  }
  if (layers.length > mostLayers) {
    violations.push({
      invariant: "layer-count",
      message: "more layers than engines can stack",
      expected: `at most ${mostLayers}`,
      actual: String(layers.length),
    });
  }
  return violations;
}

/** Docker's archives have no media type of their own, and compressed layers under that of a plain one in registries are an error. */
function validateMediaType({ compression }: LayerIndex, layer: number, mediaType: string): Violation[] {
  const named = mediaType.endsWith("zstd") ? "zstd" : mediaType.endsWith("gzip") ? "gzip" : "none";
  if (named === compression || !mediaType.startsWith("application/vnd.oci.")) return [];
  const message = `layer ${layer}: its media type does not say how it is compressed`;
  return [{ invariant: "media-type", message, location: { layer }, expected: compression, actual: mediaType }];
}

type Finding = readonly [invariant: string, message: string, expected: string, actual: string];

function validateEntries(facts: Facts): readonly Violation[] {
  const tree = facts.get(fileTree);
  const ownAttributes = linkAttributes(facts);
  const violations: Violation[] = [];
  let first = 0;
  for (const [layer, { count }] of facts.layers.entries()) {
    const whiteouts = whiteoutNodes(tree, first, first + count);
    for (let entry = first; entry < first + count; entry++) {
      const findings = [...validateEntry(tree, entry, whiteouts), ...ownAttributes(entry)];
      for (const [invariant, message, expected, actual] of findings) {
        const path = textOf(tree.path(entry));
        violations.push({
          invariant,
          message: `${path === "" ? "/" : path}: ${message}`,
          location: { layer, path },
          expected,
          actual,
        });
      }
    }
    first += count;
  }
  return violations;
}

function whiteoutNodes(tree: FileTree, first: number, end: number): ReadonlySet<number> {
  const nodes = new Set<number>();
  for (let entry = first; entry < end; entry++) if (tree.type(entry) === "whiteout") nodes.add(tree.nodeOf(entry));
  return nodes;
}

/** Rules of which engines were seen to refuse what breaks them: twice the same path, a whiteout of what the layer stores, links, holes. */
function* validateEntry(tree: FileTree, entry: number, whiteouts: ReadonlySet<number>): Generator<Finding> {
  const type = tree.type(entry);
  if (tree.fate(entry) === "repeated") yield ["path-once", "the layer stores it again", "one entry", "two"];
  if (type !== "whiteout" && isBelow(tree, tree.nodeOf(entry), whiteouts)) {
    yield [
      "whiteout",
      "a whiteout of the same layer hides it in some runtimes",
      "an opaque folder, or no whiteout",
      "a whiteout",
    ];
  }
  if (type === "opaque" && tree.nodeOf(entry) === 0) {
    yield ["opaque-root", "an opaque marker at the root: overlay file systems ignore it", "no marker", "a marker"];
  }
  if (type === "hardlink") yield* validateLink(tree, entry);
  if (type === "file" && tree.storedSize(entry) !== tree.size(entry)) {
    yield [
      "sparse",
      "is stored as a sparse file, which docker save can't write",
      String(tree.size(entry)),
      String(tree.storedSize(entry)),
    ];
  }
  for (const name of tree.xattrs(entry).keys()) {
    if (name.includes("overlay."))
      yield ["overlay-attribute", "has an attribute that overlay file systems obey", "none", textOf(name)];
  }
}

function isBelow(tree: FileTree, node: number, whiteouts: ReadonlySet<number>): boolean {
  if (whiteouts.size === 0) return false;
  for (let at = node; at !== 0; at = tree.paths.parent(at)) if (whiteouts.has(at)) return true;
  return false;
}

function* validateLink(tree: FileTree, entry: number): Generator<Finding> {
  const content = tree.contentOf(entry);
  if (content === entry) yield ["link-target", "is a hard link to what is not stored before it", "a file", "nothing"];
  else if (tree.layerOf(content) !== tree.layerOf(entry)) {
    yield ["link-target", "is a hard link to a lower layer", `layer ${tree.layerOf(entry)}`, `layer ${tree.layerOf(content)}`];
  }
}

/** Engines give all names of a file the attributes of the one that they unpack last. */
function linkAttributes(facts: Facts): (entry: number) => readonly Finding[] {
  const tree = facts.get(fileTree);
  const read = attributesOf(facts);
  return (entry) => {
    if (tree.type(entry) !== "hardlink") return [];
    const { file, own } = read(entry);
    return Object.keys(own)
      .filter((name) => own[name] !== file[name])
      .map((name) => ["link-attributes", `the link's ${name} is not the file's`, file[name] ?? "", own[name] ?? ""]);
  };
}
