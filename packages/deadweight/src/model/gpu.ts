import { closestName } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import type { KeepPtx } from "./device-image.ts";
import { gpuTable } from "./gpu-table.ts";

/** A GPU that an image is to run on. */
export interface GpuTarget {
  /** Compute capability times ten: 61 for 6.1. */
  readonly capability: number;
  /** As the table has it, when it was called by its name. */
  readonly name?: string;
}

/** The GPUs that an image is for, and what else of its device code is to stay. */
export interface GpuChoice {
  /** At least one, ascending. */
  readonly targets: readonly GpuTarget[];
  readonly keepPtx: KeepPtx;
  /** Whether libraries of NVIDIA may be changed: its licence restricts passing on what is. */
  readonly includeVendor: boolean;
}

/** The label of an image whose device code was cut: the GPUs that it is for, as `sm_61,sm_75`. */
export const gpusLabel = "dev.deadweight.gpus";

interface KnownGpu {
  readonly name: string;
  readonly capability: number;
}

/** `sm_61`. */
export function printTarget({ capability }: Pick<GpuTarget, "capability">): string {
  return `sm_${capability}`;
}

/** `6.1` for 61. */
export function printCapability(capability: number): string {
  return `${Math.floor(capability / 10)}.${capability % 10}`;
}

/**
 * GPUs from a list with commas of names, compute capabilities (`6.1`) or architectures (`sm_61`), each capability once, ascending. Throws
 * UserError `usage` for what is none of these, or what several GPUs are called.
 */
export function parseGpus(text: string): readonly GpuTarget[] {
  const targets = new Map<number, GpuTarget>();
  for (const part of text.split(",").map((one) => one.trim())) {
    const target = parseGpu(part);
    const known = targets.get(target.capability);
    const name = [known?.name, target.name].filter((one) => one !== undefined).join(", ");
    targets.set(target.capability, { capability: target.capability, ...(name === "" ? {} : { name }) });
  }
  return [...targets.values()].sort((one, other) => one.capability - other.capability);
}

function parseGpu(text: string): GpuTarget {
  const [, major, minor] = /^(\d{1,2})\.(\d)$/.exec(text) ?? /^(?:sm_?|compute_?)?(\d{1,2})(\d)[af]?$/i.exec(text) ?? [];
  if (major !== undefined && minor !== undefined) return byCapability(text, Number(major) * 10 + Number(minor));
  const all = knownGpus();
  const asked = keyOf(text);
  const exact = all.filter(({ name }) => keyOf(name) === asked);
  const found = exact.length > 0 ? exact : all.filter(({ name }) => aliasesOf(name).includes(asked));
  const [first] = found;
  if (first !== undefined && found.every(({ capability }) => capability === first.capability))
    return { capability: first.capability, name: first.name };
  throw new UserError("usage", `gpu ${JSON.stringify(text)}: ${first === undefined ? "not known" : "several are called so"}`, {
    hint: first === undefined ? hintFor(text, all) : `say which: ${found.map(described).join(", ")}`,
    exitCode: 2,
  });
}

/** Numbers that no GPU has are typing errors: an image pruned for them would run nowhere. */
function byCapability(text: string, capability: number): GpuTarget {
  const known = Object.keys(gpuTable);
  if (known.includes(printCapability(capability))) return { capability };
  throw new UserError("usage", `gpu ${JSON.stringify(text)}: no GPU that is known has this compute capability`, {
    hint: `known are: ${known.join(", ")}`,
    exitCode: 2,
  });
}

function hintFor(text: string, all: readonly KnownGpu[]): string {
  const byKey = new Map(all.flatMap((gpu) => [keyOf(gpu.name), ...aliasesOf(gpu.name)].map((key) => [key, gpu] as const)));
  const closest = byKey.get(closestName(keyOf(text), [...byKey.keys()]) ?? "");
  const others = "`deadweight gpus` lists names; 6.1 and sm_61 are understood too";
  return closest === undefined ? others : `did you mean "${closest.name}" (${printCapability(closest.capability)})? ${others}`;
}

function described({ name, capability }: KnownGpu): string {
  return `${name} (${printCapability(capability)})`;
}

function knownGpus(): readonly KnownGpu[] {
  return Object.entries(gpuTable).flatMap(([capability, names]) =>
    names.map((name) => ({ name, capability: Number(capability.replace(".", "")) })),
  );
}

/** Without what nvidia-smi says besides: maker, memory, form: `NVIDIA A100-SXM4-40GB`. */
function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/\b(?:nvidia|geforce|tesla)\b/g, "")
    .replace(/[- ](?:sxm\d?|pcie|nvl|\d+ ?gb)\b.*$/, "")
    .replace(/[^a-z0-9]/g, "");
}

/** Without family or generation, as people say it: `2080ti`; `RTX 6000` is of two generations, and so not taken for either. */
function aliasesOf(name: string): readonly string[] {
  const key = keyOf(name).replace(/^quadro|^jetson/, "");
  const current = key.replace(/ada$/, "");
  return [key, current, key.replace(/^[gr]tx(?=a?\d)/, ""), current.replace(/^[gr]tx(?=a?\d)/, "")];
}
