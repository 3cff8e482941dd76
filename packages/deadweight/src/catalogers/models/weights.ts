import { someOf } from "../../lib/some-of.ts";

/** What the beginning of a file says of the weights in it. */
export interface Weights {
  readonly format: "safetensors" | "GGUF" | "ONNX" | "PyTorch" | "TorchScript";
  readonly architecture?: string;
  /** Element types, the most frequent first. */
  readonly dtypes: readonly string[];
  /** Elements of all tensors; absent when the header is longer than what was read, or no good. */
  readonly parameters?: number;
  /** Files beside it that hold the tensors, as the header names them. */
  readonly externalFiles?: readonly string[];
  /** Why the header can't be true. */
  readonly problem?: string;
}

/** Sums tensors by element type. */
export class TensorTally {
  readonly #elements = new Map<string, number>();

  add(dtype: string, elements: number): void {
    this.#elements.set(dtype, (this.#elements.get(dtype) ?? 0) + elements);
  }

  get dtypes(): readonly string[] {
    return [...this.#elements].sort(([, one], [, other]) => other - one).map(([dtype]) => dtype);
  }

  /** NaN or Infinity when the shapes were no good. */
  get parameters(): number {
    return [...this.#elements.values()].reduce((sum, elements) => sum + elements, 0);
  }
}

/** One line for the weights of a model, formats apart: `safetensors, F16, 1.5 B parameters`. */
export function weightsInWords(files: readonly Weights[]): string {
  const formats = [...new Set(files.map(({ format }) => format))];
  return formats.map((format) => formatInWords(files.filter((file) => file.format === format))).join("; ");
}

function formatInWords(files: readonly Weights[]): string {
  const architecture = files.find((file) => file.architecture !== undefined)?.architecture;
  const dtypes = someOf([...new Set(files.flatMap((file) => file.dtypes))]);
  const parameters = files.reduce((sum, file) => sum + (file.parameters ?? NaN), 0);
  return [
    `${files[0]?.format}${architecture === undefined ? "" : ` ${architecture}`}`,
    ...(dtypes === "" ? [] : [dtypes]),
    Number.isSafeInteger(parameters) ? `${scaled(parameters)} parameters` : "parameters unknown",
  ].join(", ");
}

/** Two digits and a half: `840`, `12 k`, `1.54 M`, `8.03 B`. */
function scaled(count: number): string {
  const [factor, unit] = count >= 999.5e6 ? [1e9, " B"] : count >= 999.5e3 ? [1e6, " M"] : count >= 1000 ? [1e3, " k"] : [1, ""];
  const value = count / factor;
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))}${unit}`;
}
