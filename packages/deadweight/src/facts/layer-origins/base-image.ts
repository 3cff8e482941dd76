import type { Evidence } from "../../contracts/fact.ts";
import { countOf } from "../../lib/count-of.ts";
import type { Image } from "../../model/image.ts";
import { rowsOf, type Row } from "./history-rows.ts";
import { baseInHistory } from "./history-evidence.ts";

/** How many of the lowest layers came with the base image, and what says so. */
export interface BaseImage {
  readonly layers: number;
  readonly evidence: string;
}

const nothingTells = "nothing tells the base image's layers from the others";
const baseName = "org.opencontainers.image.base.name";
const baseDigest = "org.opencontainers.image.base.digest";

/** Where the base image ends: by images that are known, else by the annotations' word and the history's evidence. */
export function findBase(image: Image, knownBases: Evidence["knownBases"]): BaseImage {
  const known = longestKnown(image, knownBases);
  if (known !== undefined) {
    const count = known.diffIds.length;
    return { layers: count, evidence: `the first ${countOf(count, "layer")} are those of ${known.name}` };
  }
  const { layers, evidence } = fromHistory(image);
  const named = nameOf(image);
  return { layers, evidence: named === undefined ? evidence : `${named}; ${evidence}` };
}

function longestKnown(image: Image, knownBases: Evidence["knownBases"]): Evidence["knownBases"][number] | undefined {
  const own = image.layers.map((layer): string => layer.diffId);
  const fitting = knownBases.filter(
    ({ diffIds }) => diffIds.length > 0 && diffIds.length < own.length && diffIds.every((diffId, index) => diffId === own[index]),
  );
  return fitting.sort((one, other) => other.diffIds.length - one.diffIds.length)[0];
}

/** The OCI annotations say which image is the base, not which layers are its: image-spec annotations.md. */
function nameOf({ annotations, config }: Image): string | undefined {
  const value = (key: string): string => annotations[key] ?? config.labels[key] ?? "";
  const [name, digest] = [value(baseName), value(baseDigest)];
  if (name !== "") return `the annotation ${baseName} names ${name}`;
  return digest === "" ? undefined : `the annotation ${baseDigest} names ${digest}`;
}

function fromHistory(image: Image): BaseImage {
  const rows = rowsOf(image.config.history);
  const filled = rows.at(-1)?.layers ?? 0;
  if (rows.length === 0) return { layers: 0, evidence: `the image has no history: ${nothingTells}` };
  if (filled !== image.layers.length) {
    const counts = `${countOf(filled, "row")} with a layer, the image ${countOf(image.layers.length, "layer")}`;
    return { layers: 0, evidence: `the history has ${counts}: ${nothingTells}` };
  }
  const end = baseInHistory(rows);
  const layers = layersUpTo(rows, end?.row);
  return end === undefined ? { layers: 0, evidence: nothingTells } : { layers, evidence: end.evidence };
}

function layersUpTo(rows: readonly Row[], row: number | undefined): number {
  return row === undefined ? 0 : (rows[row]?.layers ?? 0);
}
