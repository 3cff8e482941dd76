import type { Facts } from "../contracts/fact.ts";
import { defineRule, type EntryClaim, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { largestPaths } from "../claims/largest-paths.ts";
import { deviceCode, deviceShares, type DeviceFile } from "../facts/device-code.ts";
import { deviceNeeds, type DeviceNeeds } from "../facts/device-needs.ts";
import { fileTree } from "../facts/file-tree.ts";
import { printBytes } from "../lib/byte-size.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";
import { printDeviceImage } from "../model/device-image.ts";
import { gpuTable } from "../model/gpu-table.ts";
import { printTarget, type GpuChoice, type GpuTarget } from "../model/gpu.ts";

/** Code for GPUs that the image will not run on. */
export const unusedDeviceCode: Rule = defineRule({
  name: "unused-device-code",
  title: "Code for GPUs that the image will not run on",
  meaning:
    "A library of CUDA holds its kernels once for each architecture, machine code (cubin) or PTX, which the driver compiles. Official " +
    "builds carry five to nine of them, a machine has one or two: most bytes of a CUDA image are for GPUs that its users don't have.",
  measure:
    "Reads the headers of all containers in `.nv_fatbin` and `__nv_relfatbin` of every visible ELF file. With `--gpus` it counts, to the " +
    "byte, the images that no named GPU takes: the driver takes the highest architecture that the GPU can run, a cubin of the same " +
    "major number or PTX, as NVIDIA's linker does. A container without anything for them keeps its smallest image, or a copy of a smaller one of the file for an architecture " +
    "that it has. What the blob has " +
    "for them is measured too. Without `--gpus` it says what each choice would save, and counts nothing.",
  risk:
    "On another GPU the kernels fail with `no kernel image is available for execution on the device` (209): name the GPUs of all machines " +
    "that will run the image, which gets a label with them. PTX for GPUs to come goes too, unless `--keep-ptx forward` or `all` is " +
    "given; CUDA_FORCE_PTX_JIT needs it. NVIDIA's own libraries are a finding apart: its licence restricts passing on changed ones, so " +
    "`optimize` leaves them without `--include-vendor`. Kernels in containers among other constants are counted too; `optimize` makes zeros of those to whose beginning alone something leads.",
  evaluate: (facts) => {
    const all = facts.get(deviceCode);
    if (all.length === 0) return { notApplicable: "no device code in the image" };
    const files = all.filter(({ table }) => table.problem === undefined);
    const known = facts.gpus === undefined ? choices(files) : unneeded(facts, files, facts.gpus);
    return [...known, ...riddles(facts, all)];
  },
});

/** Files whose device code can't be told apart. */
function riddles(facts: Facts, files: readonly DeviceFile[]): readonly RuleFinding[] {
  const tree = facts.get(fileTree);
  return [...Map.groupBy(files, ({ table }) => table.problem)].flatMap(([problem, group]): RuleFinding[] => {
    if (problem === undefined) return [];
    const paths = largestPaths(
      tree,
      group.map(({ content }) => content),
    );
    const message = `code for GPUs in ${countOf(group.length, "file")} that could not be weighed, ${paths}: ${problem}`;
    return [{ message, safety: "opt-in", claims: [] }];
  });
}

/** The table of what each choice would save. */
function choices(files: readonly DeviceFile[]): readonly RuleFinding[] {
  if (files.length === 0) return [];
  const shares = deviceShares(files.map(({ table }) => table));
  const rows = Object.keys(gpuTable).flatMap((capability) => {
    const target: GpuTarget = { capability: Number(capability.replace(".", "")) };
    const freed = files.map((file) => deviceNeeds(file, [target], "none")).filter((needs) => typeof needs !== "string");
    if (freed.length === 0) return [];
    const bytes = freed.reduce((sum, needs) => sum + needs.unneededBytes, 0);
    const compressedBytes = freed.reduce((sum, needs) => sum + needs.unneededCompressedBytes, 0);
    return [`${capability} ${printBytes(bytes)} (${printBytes(compressedBytes)} compressed)`];
  });
  const kinds = shares.map(({ image }) => printDeviceImage(image));
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    {
      message:
        `${printBytes(total)} of code for GPUs in ${countOf(files.length, "file")}, ${someOf(kinds, 12, kinds.length)}; ` +
        `for GPUs of one capability alone this would go: ${rows.join(", ")}`,
      safety: "verified",
      remedy: "say with --gpus which GPUs the image is for, for instance --gpus 8.6 or --gpus 'RTX 3090'",
      claims: [],
    },
  ];
}

function unneeded(facts: Facts, files: readonly DeviceFile[], choice: GpuChoice): readonly RuleFinding[] {
  const names = choice.targets.map(printTarget).join(" and ");
  const own = files.filter(({ isVendor }) => !isVendor);
  const vendor = files.filter(({ isVendor }) => isVendor);
  const remedy = `deadweight optimize --level verified --gpus ${choice.targets.map(printTarget).join(",")}`;
  return [
    ...finding(facts, own, choice, { what: `code for other GPUs than ${names}`, safety: "verified", remedy }),
    ...finding(facts, vendor, choice, {
      what: `code for other GPUs than ${names} in NVIDIA's libraries`,
      safety: "opt-in",
      remedy: `${remedy} --include-vendor, for an image that is not passed on: the licence restricts it`,
    }),
    ...choice.targets.flatMap((target) => withoutCode(facts, files, target)),
  ];
}

function finding(
  facts: Facts,
  files: readonly DeviceFile[],
  { targets, keepPtx }: GpuChoice,
  { what, safety, remedy }: { what: string; safety: RuleFinding["safety"]; remedy: string },
): readonly RuleFinding[] {
  const claims = files.flatMap((file): EntryClaim[] => {
    const needs = deviceNeeds(file, targets, keepPtx);
    if (typeof needs === "string" || needs.unneededBytes === 0) return [];
    return [{ entry: file.content, ranges: unneededRanges(file, needs), basis: "measured" }];
  });
  if (claims.length === 0) return [];
  const paths = largestPaths(
    facts.get(fileTree),
    claims.map(({ entry }) => entry),
  );
  return [{ message: `${what} in ${countOf(claims.length, "file")}: ${paths}`, safety, remedy, claims }];
}

/** Entries that don't stay, those that touch as one range. Where a copy of another stands for a container, as many bytes stay of its own. */
function unneededRanges({ table }: DeviceFile, { kept, samples }: DeviceNeeds): (readonly [number, number])[] {
  const stays = new Set(kept);
  const copies = new Map([...samples].map(([container, sample]) => [table.firsts[container] ?? 0, table.sizes[sample] ?? 0]));
  const ranges: [number, number][] = [];
  for (const [entry, offset] of table.offsets.entries()) {
    if (stays.has(entry)) continue;
    const start = offset + (copies.get(entry) ?? 0);
    const end = offset + (table.sizes[entry] ?? 0);
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === start) last[1] = end;
    else ranges.push([start, end]);
  }
  return ranges;
}

/** Files that a named GPU can do nothing with. */
function withoutCode(facts: Facts, files: readonly DeviceFile[], target: GpuTarget): readonly RuleFinding[] {
  const useless = files.filter(({ table }) => typeof deviceNeeds({ table }, [target], "none") === "string");
  if (useless.length === 0) return [];
  const paths = largestPaths(
    facts.get(fileTree),
    useless.map(({ content }) => content),
  );
  const called = target.name === undefined ? printTarget(target) : `${target.name} (${printTarget(target)})`;
  return [
    {
      message: `nothing for ${called} in ${countOf(useless.length, "file")}: ${paths}`,
      safety: "opt-in",
      remedy: "install a build that supports the GPU: what has no code for it now has none after optimize either",
      claims: [],
    },
  ];
}
