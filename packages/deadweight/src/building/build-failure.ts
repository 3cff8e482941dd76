import { UserError } from "../lib/user-error.ts";
import type { BuildFailure } from "./build-watcher.ts";
import type { BuildPlan } from "./build-plan.ts";

/** What failures that are often met look like in a message or an output, and what to do about them. */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /[Tt]emporary failure (?:in name resolution|resolving)|[Cc]ould not resolve|[Nn]etwork is unreachable|network bridge not found|Name or service not known/,
    "the step has no network: give --network host where the engine has no bridge, or set the proxy with --build-arg",
  ],
  [/unknown instruction/, "heredocs need BuildKit of Docker 23 or newer, or a first line `# syntax=docker/dockerfile:1`"],
  [/--mount option requires BuildKit|requires BuildKit/, "give --builder buildkit"],
  [/secret .*not found|no active session|ssh.*(?:not set|agent)|unset.*ssh/i, "secrets and SSH keys are not passed on to builds"],
  [/no space left on device/i, "make room where the engine keeps its images, for instance with docker builder prune"],
  [
    /pull access denied|repository does not exist|failed to resolve source metadata|manifest unknown|401|unauthorized/i,
    "pull the base image into the engine first: credentials are not passed on to builds",
  ],
  [
    /failed to compute cache key|no such file or directory|not found in build context/i,
    "is the right folder given as CONTEXT, and does .dockerignore leave it?",
  ],
];

/** The error that a failed build ends with: the step, its line, why, and the last that it printed. */
export function buildFailure(
  { shown, lineOf }: Pick<BuildPlan, "shown" | "lineOf">,
  { message, step, output }: BuildFailure,
): UserError {
  const line = (step === undefined ? undefined : lineOf(step)) ?? lineIn(message);
  const place = line === undefined ? shown : `${shown}:${line}`;
  const what = step === undefined ? "" : ` step [${step.place}] ${step.text.slice(0, 200)}:`;
  const why = message.trim().slice(0, 1000);
  const hint = hints.find(([pattern]) => pattern.test(why) || output.some((text) => pattern.test(text)))?.[1];
  return new UserError("build-failed", `${place}:${what} ${why}`, { details: output, ...(hint === undefined ? {} : { hint }) });
}

/** `dockerfile parse error line 8: unknown instruction`, `dockerfile parse error on line 8`. */
function lineIn(message: string): number | undefined {
  const [, line] = /parse error (?:on )?line (\d{1,7})/i.exec(message) ?? [];
  return line === undefined ? undefined : Number(line);
}
