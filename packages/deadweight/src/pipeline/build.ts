import { basename } from "node:path";
import { writeDurably } from "../lib/durable-file.ts";
import { toolVersion } from "../lib/tool-version.ts";
import { UserError } from "../lib/user-error.ts";
import type { Build } from "../model/build.ts";
import type { BuildOutcome, BuiltCandidate, BuiltDockerfile } from "../model/build-outcome.ts";
import type { ProgressEvent } from "../model/progress.ts";
import { findBuildFiles } from "./build/build-files.ts";
import type { BuildOptions } from "./build/build-request.ts";
import { buildSide, type BuildPlace } from "./build/build-side.ts";
import { type EngineName, keptNames, parseEngineName, printEngineName } from "./build/engine-names.ts";
import { openEngine } from "./build/open-engine.ts";
import { prepareFolder, recordFiles, type RecordFiles, writeOutcome } from "./build/records.ts";
import { withConfiguredBuild } from "./build/configured-build.ts";
import { refuseSecrets } from "./build/refuse-secrets.ts";
import { type Found, tryCandidate, tryEdits } from "./build/try-candidates.ts";

/** What was built, and where it was written down. */
export interface BuildResult {
  readonly outcome: BuildOutcome;
  readonly record: string;
}

/**
 * Builds a Dockerfile, then a smaller one, and verifies that its image can take the other's place. Edits that don't build, or whose image
 * differs, are dropped. Keeps both images under names of their own and writes a record for `promote`. Throws UserError: `build-failed` when
 * the original itself can't be built.
 */
export async function build(asked: string | undefined, given: BuildOptions): Promise<BuildResult> {
  const { context, options } = await withConfiguredBuild(asked, given);
  const tag = options.tag === undefined ? undefined : parseEngineName(options.tag);
  const files = await findBuildFiles(context, options.file, options.recordFolder);
  refuseSecrets(files.dockerfile.text, files.dockerfile.path, options.settings.target);
  const record = recordFiles(files.stateFolder, options.record ?? basename(files.dockerfile.path));
  const names = await openEngine(options.engine, options);
  const made = new Set<string>();
  const onProgress = (event: ProgressEvent): void => options.onProgress?.(event);
  const place: BuildPlace = { files, names, settings: options.settings, signal: options.signal, onProgress, made };
  const kept = keptNames(tag, files.context);
  try {
    const original = await buildOriginal(place, kept.original);
    const found = await findCandidate(original.image, place, options);
    const candidate = await keepCandidate(found, place, { name: kept.candidate, record });
    const outcome: BuildOutcome = {
      schemaVersion: 1,
      tool: { name: "deadweight", version: toolVersion() },
      context: files.context,
      engine: names.program,
      ...(tag === undefined ? {} : { tag: printEngineName(tag) }),
      original,
      ...(candidate === undefined ? {} : { candidate }),
      edits: found.edits,
      attempts: found.attempts,
      ...(found.verification === undefined ? {} : { verification: found.verification }),
      ...(found.failure === undefined ? {} : { failure: found.failure }),
      passed: candidate !== undefined && found.verification?.passed === true,
    };
    await writeOutcome(record, outcome);
    return { outcome, record: record.outcome };
  } finally {
    for (const id of made) await names.discard(id).catch(() => {});
    await names.engine.close();
  }
}

/** The fault of an original that can't be built is nobody's edit: a quarter of Dockerfiles in the wild don't build. */
async function buildOriginal(place: BuildPlace, name: EngineName): Promise<BuiltDockerfile> {
  const { path, text, sha256 } = place.files.dockerfile;
  place.onProgress({ kind: "note", text: `building ${path} as it is` });
  const image = await buildSide(text, path, place).catch((error: unknown) => {
    if (!(error instanceof UserError) || error.code !== "build-failed") throw error;
    const { hint, details, cause } = error;
    const options = { details, cause, ...(hint === undefined ? {} : { hint }) };
    throw new UserError("build-failed", `the original can't be built, before any change: ${error.message}`, options);
  });
  await place.names.tag(image.imageId, name);
  return { path, sha256, image, tag: printEngineName(name) };
}

async function findCandidate(original: Build, place: BuildPlace, options: BuildOptions): Promise<Found> {
  if (options.candidate !== undefined) return tryCandidate(options.candidate, original, place, options);
  if (options.propose === undefined) return { edits: [], attempts: 0 };
  return tryEdits(options.propose, original, place, options);
}

/** The candidate under its name at the engine; what was made of edits is written beside the record. */
async function keepCandidate(
  { made }: Found,
  { names }: BuildPlace,
  { name, record }: { readonly name: EngineName; readonly record: RecordFiles },
): Promise<BuiltCandidate | undefined> {
  if (made === undefined) return undefined;
  if (made.path === undefined) {
    await prepareFolder(record.folder);
    await writeDurably(record.dockerfile, made.text);
  }
  await names.tag(made.image.imageId, name);
  const { predictedBytes, sha256, image } = made;
  const predicted = predictedBytes === undefined ? {} : { predictedBytes };
  return { path: made.path ?? record.dockerfile, sha256, image, tag: printEngineName(name), ...predicted };
}
