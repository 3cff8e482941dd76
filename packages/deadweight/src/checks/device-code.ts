import { defineCheck, judged, notRun, type Check, type Comparison } from "../contracts/check.ts";
import { containersOf, deviceCode as deviceFiles, type DeviceFile } from "../facts/device-code.ts";
import { fileTree } from "../facts/file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { chosenImages, printDeviceImage, type DeviceImage } from "../model/device-image.ts";
import type { DeviceTable } from "../model/device-table.ts";
import { gpusLabel, parseGpus, printTarget } from "../model/gpu.ts";

/** Each GPU that an image is for still finds the code that it found, in every container; without such a choice all of it is still there. */
export const deviceCode: Check = defineCheck({
  name: "device-code",
  title: "each target GPU still has its code in every kernel container that had some",
  needs: "nothing",
  compare: (comparison) => {
    const files = comparison.before.get(deviceFiles);
    if (files.length === 0) return notRun("no device code in the image");
    const targets = targetsOf(comparison);
    if (typeof targets === "string") return notRun(targets);
    const differences = files.flatMap((file) => fileDiffers(comparison, file, targets));
    const gpus = targets.length === 0 ? "" : `, for ${targets.map((capability) => printTarget({ capability })).join(" and ")}`;
    const containers = files.reduce((sum, { table }) => sum + table.starts.length, 0);
    const looked = `${countOf(files.length, "file")} with ${countOf(containers, "container")}${gpus}`;
    return judged(differences, looked, "containers or files lack code that they had");
  },
});

/** The GPUs that the user or the label of the image after names; none when nothing was to be cut. */
function targetsOf({ after, targets }: Comparison): readonly number[] | string {
  if (targets !== undefined) return targets;
  const label = after.image.config.labels[gpusLabel];
  if (label === undefined) return [];
  try {
    return parseGpus(label).map(({ capability }) => capability);
  } catch {
    return `the label ${gpusLabel} names no GPUs: ${JSON.stringify(label.slice(0, 100))}`;
  }
}

function fileDiffers({ before, after, expected }: Comparison, file: DeviceFile, targets: readonly number[]): readonly string[] {
  const [old, now] = [before.get(fileTree), after.get(fileTree)];
  return file.names.flatMap((name) => {
    const path = old.path(name);
    const found = now.find(path);
    // What is gone, or leads elsewhere, is for other checks.
    if (found < 0 || expected(path).has("anything") || now.type(now.contentOf(found)) !== "file") return [];
    const content = now.contentOf(found);
    if (old.hash(file.content) === now.hash(content)) return [];
    const table = now.deviceTable(content);
    const differences =
      table === undefined ? ["its device code can't be read any more"] : tableDiffers(file.table, table, targets);
    return differences.map((line) => `${textOf(path)}: ${line}`);
  });
}

function tableDiffers(before: DeviceTable, after: DeviceTable, targets: readonly number[]): readonly string[] {
  if (after.problem !== undefined) return [after.problem];
  if (before.starts.length !== after.starts.length)
    return [`has ${countOf(after.starts.length, "container")}, and had ${before.starts.length}`];
  const now = containersOf(after);
  const all = new Set(
    containersOf(before).flatMap(({ first, images }) =>
      images.map((image, place) => named(image, before.checksums[first + place])),
    ),
  );
  return containersOf(before).flatMap(({ first, images }, number) => {
    const other = now[number];
    if (other === undefined) return [];
    const sum = (table: DeviceTable, entry: number): number => table.checksums[entry] ?? 0;
    const sums = other.images.map((_, place) => sum(after, other.first + place));
    const known = new Set(images.map((_, place) => sum(before, first + place)));
    const needed = targets.length === 0 ? [...images.keys()] : neededOf(images, targets);
    // Where nothing is needed, one of the file for an architecture that the container has may stand for all.
    const mayStandIn = (image: DeviceImage, one: number): boolean =>
      needed.length === 0 && all.has(named(image, one)) && images.map(printDeviceImage).includes(printDeviceImage(image));
    const isForeign = (one: number, place: number): boolean =>
      !known.has(one) && !other.images.slice(place, place + 1).some((image) => mayStandIn(image, one));
    if (sums.some(isForeign) || sums.length === 0) return [`container ${number} has code that it had not, or none`];
    const lost = needed.filter((place) => !sums.includes(sum(before, first + place))).flatMap((place) => images[place] ?? []);
    return lost.length === 0 ? [] : [`container ${number} lacks ${lost.map(printDeviceImage).join(", ")}`];
  });
}

function named(image: DeviceImage, checksum = 0): string {
  return `${printDeviceImage(image)} ${checksum}`;
}

/** What targets take, and what nobody can judge. */
function neededOf(images: readonly DeviceImage[], targets: readonly number[]): readonly number[] {
  const others = [...images.keys()].filter((place) => images[place]?.kind === "other");
  return [...new Set([...targets.flatMap((target) => chosenImages(images, target)), ...others])];
}
