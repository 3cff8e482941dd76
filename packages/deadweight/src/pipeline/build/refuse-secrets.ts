import { mountsOf } from "../../dockerfile/run-steps.ts";
import { parseDockerfile } from "../../dockerfile/parse-dockerfile.ts";
import { stageChain } from "../../dockerfile/expand-variables.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Dockerfile, Instruction, Stage } from "../../model/dockerfile.ts";

/**
 * Throws UserError `unsupported` that names the line when a stage that is built mounts a secret or an SSH agent: BuildKit asks the client for
 * them, in a session that is not opened here, and fails without one even where a secret is optional.
 */
export function refuseSecrets(text: string, shown: string, target: string | undefined): void {
  const dockerfile = parsed(text, shown);
  if (dockerfile === undefined) return;
  const asking = builtStages(dockerfile, target)
    .flatMap(({ instructions }) => instructions)
    .find((one) => kindIn(one) !== undefined);
  if (asking === undefined) return;
  const what = kindIn(asking) === "ssh" ? "an SSH agent" : "a secret";
  throw new UserError("unsupported", `${shown}:${asking.line}: RUN mounts ${what}: builds here pass none on`, {
    hint: "build it with docker build and give the image to deadweight rewrite, build what that writes in the same way, and hold both images against each other with deadweight verify",
  });
}

/** One that can't be parsed here may be for another frontend: the builder has the last word. */
function parsed(text: string, file: string): Dockerfile | undefined {
  try {
    return parseDockerfile(text, { file });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function kindIn({ flags }: Instruction): "secret" | "ssh" | undefined {
  return mountsOf(flags)
    .map(({ type }) => type)
    .find((type) => type === "secret" || type === "ssh");
}

/** The stage that is asked for, or the last, with all that it builds on or copies from: BuildKit builds no others. */
function builtStages(dockerfile: Dockerfile, target: string | undefined): readonly Stage[] {
  const { stages } = dockerfile;
  const named = (name: string): Stage | undefined =>
    stages.findLast((one) => one.name === name.toLowerCase()) ?? (/^\d+$/.test(name) ? stages[Number(name)] : undefined);
  const last = target === undefined ? stages.at(-1) : named(target);
  const found = new Set<Stage>();
  const pending = last === undefined ? [] : [last];
  for (let stage = pending.pop(); stage !== undefined; stage = pending.pop()) {
    if (found.has(stage)) continue;
    found.add(stage);
    const sources = stage.instructions.flatMap(({ flags }) => [
      ...flags.flatMap(({ name, value }) => (name === "from" && value !== undefined ? [value] : [])),
      ...mountsOf(flags).flatMap(({ from }) => from ?? []),
    ]);
    pending.push(...stageChain(dockerfile, stage), ...sources.flatMap((source) => named(source) ?? []));
  }
  return [...found].sort((one, other) => one.index - other.index);
}
