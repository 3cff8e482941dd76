import { gapAfter, shortened, type Row } from "./history-rows.ts";

/** The last row of the base image, and what says so in one sentence. */
export interface BaseEnd {
  readonly row: number;
  readonly evidence: string;
}

/** Only NVIDIA's own CUDA images have these: dist/*\/Dockerfile of its container-images/cuda. */
const nvidiaMark = /\bNV_[A-Z]+_|NGC-DL-CONTAINER-LICENSE|\bNVIDIA_REQUIRE_CUDA=|com\.nvidia\.cudnn|cudatools@nvidia\.com/;
/** Ubuntu's images begin with these rows, and Debian's of old and Alpine's with ADD alone. */
const ubuntuMark = /^ARG (?:RELEASE|LAUNCHPAD_BUILD_ARCH)\b|\borg\.opencontainers\.image\.ref\.name=ubuntu\b/;

/** Where a history says that the base image ends, the strongest evidence first; undefined when nothing tells. */
export function baseInHistory(rows: readonly Row[]): BaseEnd | undefined {
  // An import is where a base begins; a gap may also be a step that a later build took from its cache.
  const ways = [byBuildah, byCommand, byImport, byFirstGap, byRootFileSystem];
  for (const way of ways) {
    const end = way(rows);
    // A base image has a layer, and something was built on it.
    if (end !== undefined && end.row < rows.length - 1 && (rows[end.row]?.layers ?? 0) > 0) return end;
  }
  return undefined;
}

/** Buildah notes the base image in the first row that it adds: buildah's commit.go, `FROM name` as the comment. */
function byBuildah(rows: readonly Row[]): BaseEnd | undefined {
  const first = rows.findLast((row) => /^FROM \S/.test(row.comment));
  if (first === undefined || first.index === 0) return undefined;
  return { row: first.index - 1, evidence: `the history says ${first.comment} at row ${first.index}` };
}

/** Official images end with CMD or ENTRYPOINT; NVIDIA's have more after it, or neither. The later of the two counts. */
function byCommand(rows: readonly Row[]): BaseEnd | undefined {
  const nvidia = byNvidia(rows);
  const command = rows.findLast((row) => isCommand(row) && batchEnd(rows, row.index) !== undefined);
  const end = command && batchEnd(rows, command.index);
  if (command === undefined || end === undefined || (nvidia !== undefined && nvidia.row >= end)) return nvidia;
  const gap = gapAfter(rows, end);
  const evidence =
    end === command.index
      ? `the history ends a base image at its ${shortened(command)} (row ${end}), ${gap}`
      : `the history ends a base image at row ${end}, of one build with its ${shortened(command)} (row ${command.index}), ${gap}`;
  return { row: end, evidence };
}

function byNvidia(rows: readonly Row[]): BaseEnd | undefined {
  const last = rows.findLast((row) => nvidiaMark.test(row.instruction));
  if (last === undefined) return undefined;
  const end = batchEnd(rows, last.index) ?? last.index;
  const gap = gapAfter(rows, end);
  const mark = `the history ends NVIDIA's CUDA image at row ${end}`;
  return { row: end, evidence: gap === undefined ? `${mark}, the last that is NVIDIA's` : `${mark}, ${gap}` };
}

function byFirstGap(rows: readonly Row[]): BaseEnd | undefined {
  const end = rows.find((row) => row.layers > 0 && gapAfter(rows, row.index) !== undefined);
  if (end === undefined) return undefined;
  return { row: end.index, evidence: `row ${end.index} of the history (${shortened(end)}) was ${gapAfter(rows, end.index)}` };
}

function byImport(rows: readonly Row[]): BaseEnd | undefined {
  const imported = rows.findLast((row) => row.importedFrom !== undefined);
  if (imported === undefined) return undefined;
  return { row: imported.index, evidence: `row ${imported.index} of the history was imported as a whole (docker import)` };
}

/** A root file system with a command of its own is an image that others build on. */
function byRootFileSystem(rows: readonly Row[]): BaseEnd | undefined {
  const first = rows.find((row) => row.layers === 1);
  if (first === undefined || !(first.keyword === "FROM" || /^ADD \S+ \/$/.test(first.instruction))) return undefined;
  const command = rows.find((row) => isCommand(row) && row.index > first.index);
  const place = `the first layer is a distribution's root file system (${shortened(first)})`;
  if (command?.layers === 1) {
    return { row: command.index, evidence: `${place}, its image ends at ${shortened(command)} (row ${command.index})` };
  }
  const isUbuntu = rows.some((row) => row.index < first.index && ubuntuMark.test(row.instruction));
  return isUbuntu ? { row: first.index, evidence: `${place}, with the arguments and labels of Ubuntu's image` } : undefined;
}

function isCommand(row: Row): boolean {
  return row.keyword === "CMD" || row.keyword === "ENTRYPOINT";
}

/** The last row that was built together with a row; undefined when nothing was built later. */
function batchEnd(rows: readonly Row[], index: number): number | undefined {
  return rows.find((row) => row.index >= index && gapAfter(rows, row.index) !== undefined)?.index;
}
