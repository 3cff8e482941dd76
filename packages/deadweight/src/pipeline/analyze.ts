import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultLimits } from "../archive/limits.ts";
import { catalogers } from "../catalogers/index.ts";
import { createFacts, type Evidence, type Facts } from "../contracts/fact.ts";
import type { OpenOptions } from "../contracts/store.ts";
import { fileTree } from "../facts/file-tree.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { packages } from "../facts/packages.ts";
import { completeImage } from "../image/complete.ts";
import { openLayerCache, type LayerCache } from "../image/layer-cache.ts";
import { readLayers } from "../image/read-layers.ts";
import { textOf } from "../lib/byte-string.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import type { Image } from "../model/image.ts";
import type { Platform } from "../model/platform.ts";
import type { ProgressEvent } from "../model/progress.ts";
import type { Problem, Report } from "../model/report.ts";
import type { Rule } from "../contracts/rule.ts";
import { rules } from "../rules/index.ts";
import { account } from "./account.ts";
import { evaluateRules } from "./evaluate-rules.ts";
import { openImage } from "./open-image.ts";
import { reclaimable } from "./reclaimable.ts";
import { createStoreProgress, type StoreProgress } from "./store-progress.ts";
import { cacheFolder, cacheVersion } from "./cache-location.ts";
import { toolVersion } from "../lib/tool-version.ts";

export interface AnalyzeOptions {
  /** Linux on this machine's architecture when absent. */
  readonly platform?: Platform;
  /** A reference to the image that this one was built on. */
  readonly base?: string;
  /** Whether layers known from earlier runs may be taken from the cache; true when absent. */
  readonly cache?: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Registries that may be spoken to without TLS. */
  readonly insecure: readonly string[] | true;
  /** Names of rules to run, all when absent; and of rules to leave out. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Where temporary files go; the system's folder when absent. */
  readonly temporaryFolder?: string;
}

const mostCacheBytes = 2 * 1024 ** 3;

/** Weighs an image: every byte by layer and owner, what rules find, and what could not be read. Throws UserError. */
export async function analyze(reference: string, options: AnalyzeOptions): Promise<Report> {
  const chosen = chooseRules(options.only, options.skip);
  const temporaryFolder = await mkdtemp(
    join(options.temporaryFolder ?? options.environment["TMPDIR"] ?? tmpdir(), "deadweight-"),
  );
  const cache = options.cache === false ? undefined : openCache(options);
  try {
    const facts = createFacts(await gather(reference, options, temporaryFolder, cache));
    options.onProgress?.({ kind: "note", text: "evaluating rules" });
    return reportOf(facts, chosen);
  } finally {
    cache?.close();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

function chooseRules(only: readonly string[] | undefined, skip: readonly string[] | undefined): readonly Rule[] {
  const names = rules.map((rule) => rule.name);
  for (const name of [...(only ?? []), ...(skip ?? [])]) {
    if (!names.includes(name)) {
      throw new UserError("unknown-rule", `rule ${JSON.stringify(name)}: there is none of that name`, {
        hint: didYouMean(name, names),
        exitCode: 2,
      });
    }
  }
  return rules.filter((rule) => (only?.includes(rule.name) ?? true) && !(skip?.includes(rule.name) ?? false));
}

function openCache(options: AnalyzeOptions): LayerCache {
  let isTold = false;
  return openLayerCache({
    folder: cacheFolder(options.environment),
    version: cacheVersion(),
    mostBytes: mostCacheBytes,
    now: Date.now,
    onProblem: (text) => {
      if (!isTold) options.onProgress?.({ kind: "note", text });
      isTold = true;
    },
  });
}

/** Opens the image and reads its layers. */
async function gather(
  reference: string,
  options: AnalyzeOptions,
  temporaryFolder: string,
  cache: LayerCache | undefined,
): Promise<Evidence> {
  const { signal } = options;
  const onProgress = (event: ProgressEvent): void => options.onProgress?.(event);
  const progress = createStoreProgress(onProgress);
  const open = openOptions(options, temporaryFolder, progress);
  const { source, store } = await openImage(reference, open).finally(progress.end);
  try {
    onProgress({ kind: "note", text: `${reference}: from ${store.scheme}` });
    const image = await completeImage(source, open.platform, defaultLimits);
    const knownBases =
      options.base === undefined
        ? []
        : [{ name: options.base, diffIds: await diffIdsOf(options.base, open).finally(progress.end) }];
    const patterns = catalogers.flatMap((cataloger) => cataloger.wants);
    const layers = await readLayers(image, {
      patterns,
      limits: defaultLimits,
      spoolFolder: temporaryFolder,
      signal,
      cache,
      onProgress,
    });
    return { image, layers, knownBases, temporaryFolder };
  } finally {
    await source.close();
  }
}

async function diffIdsOf(reference: string, open: OpenOptions): Promise<Image["config"]["diffIds"]> {
  const { source } = await openImage(reference, open);
  try {
    return (await completeImage(source, open.platform, defaultLimits)).config.diffIds;
  } finally {
    await source.close();
  }
}

function openOptions(options: AnalyzeOptions, temporaryFolder: string, progress: StoreProgress): OpenOptions {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
  return {
    platform: options.platform ?? { os: "linux", architecture: architectures[process.arch] ?? process.arch },
    environment: options.environment,
    temporaryFolder,
    signal: options.signal,
    insecure: options.insecure,
    onProgress: progress.tell,
  };
}

function reportOf(facts: Facts, chosen: readonly Rule[]): Report {
  const { image, layers } = facts;
  const accounts = account(facts);
  const { outcomes, findings } = evaluateRules(facts, chosen);
  const bySafety = reclaimable(facts.get(fileTree), findings);
  const sum = <T>(rows: readonly T[], of: (row: T) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    schemaVersion: 1,
    tool: { name: "deadweight", version: toolVersion() },
    image: { reference: image.reference, digest: image.digest, platform: image.config.platform },
    totals: {
      layers: layers.length,
      files: sum(accounts.layers, (layer) => layer.files),
      contentBytes: accounts.contentBytes,
      tarBytes: sum(layers, (layer) => layer.tarBytes),
      compressedBytes: sum(layers, (layer) => layer.compressedBytes),
      reclaimableBytes: sum(bySafety, (row) => row.bytes),
      reclaimableCompressedBytes: sum(bySafety, (row) => row.compressedBytes),
    },
    reclaimable: bySafety,
    baseImage: facts.get(layerOrigins).base,
    layers: accounts.layers,
    components: accounts.components,
    outcomes,
    problems: problemsOf(facts),
  };
}

/** Databases that could not be read, and what is odd in the layers or in how they stack. */
function problemsOf(facts: Facts): readonly Problem[] {
  const tree = facts.get(fileTree);
  const odd = (entry: number, message: string): Problem => ({
    location: { layer: tree.layerOf(entry), path: textOf(tree.path(entry)) },
    message,
  });
  let first = 0;
  const inLayers = facts.layers.flatMap((layer) => {
    const problems = layer.oddities.map(({ entry, message }) => odd(first + entry, message));
    first += layer.count;
    return problems;
  });
  return [
    ...facts.get(packages).problems,
    ...inLayers,
    ...tree.oddities.slice(0, 1000).map(({ entry, message }) => odd(entry, message)),
  ];
}
