import { buildImage } from "../../building/build-image.ts";
import type { BuildPlan } from "../../building/build-plan.ts";
import type { ContextFilter } from "../../building/context-entries.ts";
import { parseDockerfile } from "../../dockerfile/parse-dockerfile.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Build, BuilderName, BuildStep } from "../../model/build.ts";
import { type Platform, printPlatform } from "../../model/platform.ts";
import type { ProgressEvent } from "../../model/progress.ts";
import { ignoreMatcher } from "../rewrite/build-context.ts";
import type { BuildFiles } from "./build-files.ts";
import type { ImageNames } from "./open-engine.ts";
import { stepLines } from "./step-lines.ts";

/** How an image is built, whatever its Dockerfile's text. */
export interface BuildSettings {
  readonly builder: BuilderName | "auto";
  readonly network?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  /** Whether every step is run, for times that can be compared. */
  readonly freshly: boolean;
}

/** Where a build takes place. */
export interface BuildPlace {
  readonly files: BuildFiles;
  readonly names: ImageNames;
  readonly settings: BuildSettings;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Ids of images that were made on the way: they go at the end when nothing names them. */
  readonly made: Set<string>;
}

/** Builds a text in the place of the Dockerfile, without giving the image a name. Throws UserError `build-failed`. */
export async function buildSide(text: string, shown: string, place: BuildPlace): Promise<Build> {
  const { files, names, settings, signal, onProgress } = place;
  const { network, target, platform } = settings;
  const plan: BuildPlan = {
    context: files.context,
    filter: filterOf(files),
    shown,
    text,
    builder: settings.builder,
    args: settings.args,
    labels: settings.labels,
    noCache: settings.freshly,
    tags: [],
    lineOf: linesOf(text, shown),
    ...(files.inContext === undefined ? {} : { dockerfile: files.inContext }),
    ...(network === undefined ? {} : { network }),
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform: printPlatform(platform) }),
  };
  return buildImage(names.engine, plan, { signal, onProgress, now: () => performance.now() });
}

/** What .dockerignore leaves, without records of earlier builds. A folder that is left out may hold what an exception takes back in. */
function filterOf({ context, dockerfile, stateInContext: own }: BuildFiles): ContextFilter {
  const isIgnored = ignoreMatcher(context, dockerfile.path);
  const isOwn = (path: string): boolean => own !== undefined && (path === own || path.startsWith(`${own}/`));
  return { keeps: (path) => !isOwn(path) && !isIgnored(path), mayKeepBelow: (path) => !isOwn(path) };
}

/** A Dockerfile that can't be parsed here may be one for another frontend: the builder has the last word. */
function linesOf(text: string, file: string): (step: BuildStep) => number | undefined {
  try {
    return stepLines(parseDockerfile(text, { file }));
  } catch (error) {
    if (error instanceof UserError) return () => undefined;
    throw error;
  }
}
