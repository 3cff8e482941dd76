import { nvidiaPart } from "../catalogers/cuda/nvidia-part.ts";
import type { Package } from "../contracts/cataloger.ts";
import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import { cudaDrivers } from "../model/cuda-drivers.ts";
import type { ReportCuda } from "../model/report-gpus.ts";
import { cudaUsers } from "./cuda-users.ts";
import { packages } from "./packages.ts";
import { pythonPackages } from "./python-packages.ts";

interface Source {
  readonly version: string;
  readonly text: string;
  /** Whether a framework brought it for itself. */
  readonly isOwn: boolean;
}

/** The versions of CUDA in an image, the oldest first, with the drivers that they need. */
export const cudaVersions: Fact<readonly ReportCuda[]> = defineFact("cuda-versions", (facts: Facts) => {
  const sources = [...frameworkSource(facts), ...facts.get(packages).final.flatMap(sourceOf)];
  const { frameworks, ofToolkit } = facts.get(cudaUsers);
  const hasOwn = frameworks.length > 0 && sources.some(({ isOwn }) => isOwn);
  const isUsed = ({ isOwn }: Source): boolean => isOwn || !hasOwn || ofToolkit.length > 0;
  return [...Map.groupBy(sources, ({ version }) => version)]
    .map(([version, group]): ReportCuda => {
      const { minimum, toolkit } = cudaDrivers(version);
      return {
        version,
        sources: [...new Set(group.map(({ text }) => text))].toSorted(),
        isUsed: group.some(isUsed),
        ...(minimum === undefined ? {} : { minimumDriver: minimum }),
        ...(toolkit === undefined ? {} : { toolkitDriver: toolkit }),
      };
    })
    .sort((one, other) => Number(one.version) - Number(other.version));
});

/** The CUDA that the local part of a version names, `2.5.1+cu124`; undefined where it names none. */
export function cudaOfBuild(version: string): string | undefined {
  const [, major, minor] = /\+cu(\d{1,2})(\d)(?:\D|$)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : `${major}.${minor}`;
}

function frameworkSource(facts: Facts): readonly Source[] {
  const { version = "" } = facts.get(pythonPackages).get("torch") ?? {};
  const cuda = cudaOfBuild(version);
  return cuda === undefined ? [] : [{ version: cuda, text: `torch ${version}`, isOwn: true }];
}

/** The runtime library has CUDA's own version; the other libraries count for themselves. */
function sourceOf(one: Package): readonly Source[] {
  const part = nvidiaPart(one);
  const isToolkit = one.kind === "cuda" && one.name === "toolkit";
  // A library's file may say no more than the name that it is asked for by, `libcudart.so.11.0` of CUDA 11.8.
  const version = (one.kind === "cuda" && !isToolkit ? /^(\d+\.\d+)\.\d/ : /^(\d+\.\d+)/).exec(one.version ?? "")?.[1];
  if ((!isToolkit && part?.part !== "cudart") || version === undefined) return [];
  const text = one.kind === "cuda" ? `CUDA's ${one.name} ${one.version}` : `${one.name} ${one.version}`;
  return [{ version, text, isOwn: part?.origin !== "toolkit" }];
}
