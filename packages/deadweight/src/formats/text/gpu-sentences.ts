import type { ReportCuda, ReportGpu, ReportGpus, ReportPytorch } from "../../model/report-gpus.ts";
import { groupDigits, printCount } from "./figures.ts";

/** What the named GPUs can do with an image, or, when none was named, which can; then the drivers that this needs. */
export function gpuSentences(gpus: ReportGpus): readonly string[] {
  const { targets, isNamed, cuda, pytorch, files } = gpus;
  return [
    ...(isNamed ? targets.map((target) => targetSentence(gpus, target)) : files === 0 ? [] : groupSentences(targets)),
    ...(pytorch === undefined ? [] : [pytorchSentence(pytorch)]),
    ...cuda.map((one) => cudaSentence(one, isNamed && targets.some(({ ptx }) => ptx > 0))),
  ];
}

/** The same in as few lines as will do. */
export function shortGpuSentences(gpus: ReportGpus): readonly string[] {
  const { targets, isNamed, cuda } = gpus;
  const isCompiled = isNamed && targets.some(({ ptx }) => ptx > 0);
  const drivers = cuda.filter(({ isUsed }) => isUsed).map((one) => cudaSentence(one, isCompiled));
  if (isNamed) return [...targets.map((target) => targetSentence(gpus, target)), ...drivers];
  const whole = targets.filter(({ cubin, ptx, none }) => none === 0 && cubin + ptx > 0).map(({ capability }) => capability);
  const served = targets.filter(({ cubin, ptx }) => cubin + ptx > 0).map(({ capability }) => capability);
  const [what, list] = whole.length > 0 ? ["all files", whole] : ["some of the files", served];
  return [...(list.length === 0 ? [] : [`${what} serve ${list.join(", ")}`]), ...drivers];
}

function targetSentence({ files, pytorch }: ReportGpus, target: ReportGpu): string {
  const { cubin, ptx, none, without } = target;
  const called = target.name === undefined ? target.capability : `${target.capability} (${target.name})`;
  const more = none - without.length > 0 ? ` and ${groupDigits(none - without.length)} more` : "";
  const parts = [
    ...(files > 0 ? [`machine code in ${groupDigits(cubin)} of ${printCount(files, "file")} with code for GPUs`] : []),
    ...(ptx > 0 ? [`PTX, which the driver compiles, in ${groupDigits(ptx)}`] : []),
    ...(none > 0 ? [`nothing in ${groupDigits(none)}: ${without.map((path) => `/${path}`).join(", ")}${more}`] : []),
  ];
  const torch = pytorch === undefined ? [] : [pytorchVerdict(pytorch, target)];
  return `${called}: ${[parts.join(", "), ...torch].filter((part) => part !== "").join("; ")}`;
}

function pytorchVerdict({ version }: ReportPytorch, { pytorch, pytorchInstead }: ReportGpu): string {
  if (pytorch === "cubin") return `PyTorch ${version} supports it`;
  if (pytorch === "ptx") return `PyTorch ${version} runs on it once the driver has compiled its PTX`;
  const instead = pytorchInstead === undefined ? "no known wheel does" : `the wheel of ${pytorchInstead} does`;
  return `PyTorch ${version} has no kernels for it, ${instead}`;
}

/** GPUs with the same answer together. */
function groupSentences(targets: readonly ReportGpu[]): readonly string[] {
  const answers = Map.groupBy(targets, ({ cubin, ptx, none }) =>
    none === 0
      ? ptx === 0
        ? "machine code in all files"
        : "machine code or PTX in all files"
      : cubin + ptx === 0
        ? "nothing in any file"
        : "nothing in some files",
  );
  return [...answers].map(([answer, group]) => `${answer}: ${group.map(named).join(", ")}`);
}

function named({ capability, cubin, ptx, none }: ReportGpu): string {
  return none === 0 || cubin + ptx === 0
    ? capability
    : `${capability} (${groupDigits(none)} of ${groupDigits(cubin + ptx + none)})`;
}

function pytorchSentence({ version, cuda, capabilities, basis }: ReportPytorch): string {
  const built = cuda === undefined ? "" : ` for CUDA ${cuda}`;
  const source = basis === "table" ? "by the list of official wheels" : "as its library has them";
  return `PyTorch ${version}${built} has kernels for ${capabilities.join(", ")}, ${source}`;
}

function cudaSentence({ version, sources, isUsed, minimumDriver, toolkitDriver }: ReportCuda, isCompiled: boolean): string {
  const name = `CUDA ${version} (${sources.slice(0, 3).join(", ")})`;
  if (!isUsed) return `${name}: nothing that is installed is known to use it`;
  if (minimumDriver === undefined) return `${name}: its drivers are not known`;
  const compiled =
    toolkitDriver === undefined || toolkitDriver === minimumDriver
      ? ""
      : `, ${toolkitDriver} or newer ${isCompiled ? "to compile the PTX" : "where PTX has to be compiled"}`;
  return `${name}: driver ${minimumDriver} or newer${compiled}`;
}
