/** Which layers the result has: those of the source, the user's own in one, all in one, so many of like size, or as many as a limit asks. */
export type LayerShape =
  | { readonly kind: "keep" }
  | { readonly kind: "squash-own" }
  | { readonly kind: "squash" }
  | { readonly kind: "balance"; readonly layers: number }
  | { readonly kind: "limit"; readonly name: string; readonly layerBytes: number };

/** What a platform takes of a compressed layer, in bytes, and where its users met the limit. */
export interface LayerLimit {
  readonly name: string;
  readonly layerBytes: number;
  readonly source: string;
}

/** Limits of platforms, by the names that `balance=NAME` takes. */
export const layerLimits: readonly LayerLimit[] = [
  { name: "vercel", layerBytes: 500_000_000, source: "hpc-sandbox-benchmarks #314" },
  { name: "cloudflare", layerBytes: 500_000_000, source: "cloudflare/serverless-registry #67, #71" },
  { name: "daytona", layerBytes: 1024 ** 3, source: "hpc-sandbox-benchmarks #314" },
  { name: "s3-registry", layerBytes: 5_000_000_000, source: "distribution #886, minio #2843: one copy within S3" },
  { name: "azureml", layerBytes: 8_000_000_000, source: "azureml-assets #4457" },
  { name: "harbor", layerBytes: 10 * 1024 ** 3, source: "harbor #15719, #17242, #18888" },
];

/** More can't be stacked by overlayfs as engines mount it. */
export const mostLayers = 125;

/** A shape from `keep`, `squash-own`, `squash`, `balance=N` or `balance=NAME`; undefined for anything else. */
export function parseLayerShape(text: string): LayerShape | undefined {
  if (text === "keep" || text === "squash-own" || text === "squash") return { kind: text };
  const [, value] = /^balance=([a-z0-9-]+)$/.exec(text) ?? [];
  if (value === undefined) return undefined;
  const limit = layerLimits.find(({ name }) => name === value);
  if (limit !== undefined) return { kind: "limit", name: limit.name, layerBytes: limit.layerBytes };
  const layers = /^[1-9]\d{0,2}$/.test(value) ? Number(value) : 0;
  return layers >= 1 && layers <= mostLayers ? { kind: "balance", layers } : undefined;
}

/** The shape as it was asked for. */
export function printLayerShape(shape: LayerShape): string {
  if (shape.kind === "balance") return `balance=${shape.layers}`;
  return shape.kind === "limit" ? `balance=${shape.name}` : shape.kind;
}

/** Whether the base image's layers are made anew as well. */
export function rebuildsBase({ kind }: LayerShape): boolean {
  return kind === "squash" || kind === "balance" || kind === "limit";
}
