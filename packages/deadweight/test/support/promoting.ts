import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../src/lib/user-error.ts";
import { sha256Of } from "../../src/pipeline/build/build-files.ts";
import { recordFiles, writeOutcome } from "../../src/pipeline/build/records.ts";
import type { PromoteOptions } from "../../src/pipeline/promote.ts";
import { contextWith } from "./building.ts";
import { sampleBuild } from "./sample-build.ts";

/** The Dockerfile that is promoted over, and the one that is. */
export const oldText = "FROM debian\nRUN old\n";
export const newText = "FROM debian\nRUN new\n";

/** Ids of images and a name, for a promotion that moves it. */
export interface Moved {
  readonly tag: string;
  readonly imageId: string;
}

/** A folder with a Dockerfile, and the record of a build that verified a smaller one. */
export async function verifiedFolder(moved?: Moved): Promise<string> {
  const folder = contextWith({ Dockerfile: oldText, "Dockerfile.optimized": newText });
  const { tag: _, original, candidate = original, verification, ...common } = sampleBuild;
  const imageId = moved?.imageId ?? candidate.image.imageId;
  if (verification === undefined) throw new Error("the sample was verified");
  await writeOutcome(recordFiles(join(folder, ".deadweight"), "Dockerfile"), {
    ...common,
    ...(moved === undefined ? {} : { tag: moved.tag }),
    original: { ...original, path: join(folder, "Dockerfile"), sha256: sha256Of(oldText) },
    candidate: {
      ...candidate,
      path: join(folder, "Dockerfile.optimized"),
      sha256: sha256Of(newText),
      image: { ...candidate.image, imageId },
    },
    verification: { ...verification, after: { ...verification.after, reference: `docker:${imageId}` } },
  });
  return folder;
}

/** Options for the Dockerfile of a folder. */
export function promoteOptions(folder: string, more: Partial<PromoteOptions> = {}): PromoteOptions {
  const signal = new AbortController().signal;
  return {
    environment: process.env,
    signal,
    insecure: [],
    dockerfile: join(folder, "Dockerfile"),
    commit: false,
    moveTag: true,
    ...more,
  };
}

/** All files of a folder but records and git's own, with what they hold. */
export function filesIn(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const names = entries.map(({ name }) => name).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Runs `promote` or `rollback` in a process that kills itself after its step of this number; tells whether it came to that. */
export function dieAfter(
  verb: "promote" | "rollback",
  folder: string,
  step: number,
  { commit = false, registryTag }: Pick<Partial<PromoteOptions>, "commit" | "registryTag"> = {},
): boolean {
  const script = join(folder, ".deadweight", "die.mjs");
  const source = new URL(`../../src/pipeline/${verb}.ts`, import.meta.url).pathname;
  writeFileSync(
    script,
    `import { ${verb} } from ${JSON.stringify(source)};
let step = 0;
await ${verb}({ environment: process.env, signal: new AbortController().signal, insecure: [], dockerfile: ${JSON.stringify(join(folder, "Dockerfile"))},
  commit: ${commit}, moveTag: true, registryTag: ${JSON.stringify(registryTag)}, onStep: () => { if (++step === ${step}) process.kill(process.pid, "SIGKILL"); } });
`,
  );
  const { signal, status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  if (signal === null && status !== 0) throw new Error(stderr);
  return signal === "SIGKILL";
}

/** Holds for a UserError of that code whose message matches. */
export function refused(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}
