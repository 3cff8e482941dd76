import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { proposeEdits } from "../../src/pipeline/build/propose-edits.ts";
import { build } from "../../src/pipeline/build.ts";
import type { BuildOutcome } from "../../src/model/build-outcome.ts";
import { run } from "./tools.ts";
import { randomBytesOf, tagSetBase, type SetBase } from "./dockerfile-set-bases.ts";
import type { SetServers } from "./dockerfile-set-servers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Where the Dockerfiles with mistakes are. */
export const setFolder: string = join(import.meta.dirname, "../../../../bench/dockerfiles");

/** A Dockerfile with mistakes that people make. */
export interface SetCase {
  readonly name: string;
  readonly bases: readonly SetBase[];
  /** Puts large files into the context that no repository should hold. */
  readonly fill?: (context: string) => void;
  /** What is asked of the containers. */
  readonly config?: string;
  /** Edits that must be kept, each with bytes that were measured. */
  readonly wanted?: readonly string[];
  /** Whether it stays as it is: no edit is sure of it, or the verification finds that something is missed. */
  readonly isLeft?: boolean;
}

const health = `services:
  stt:
    network: host
    port: 8001
    ready: { path: /health }
    probes: [{ name: health, http: { path: /health } }, { name: missing, http: { path: /none } }]
    measure: { rounds: 3, requests: 3 }
`;

/** What a person planned for that service: a smaller base, fewer system packages, no caches; and the mistakes that were made there. */
const plans: readonly string[] = [
  "base-image",
  "no-install-recommends",
  "drop-build-tools",
  "runtime-libraries",
  "same-layer-cleanup",
  "merge-late-cleanup",
  "quoted-requirements",
];

/** The set, the plain ones first. */
export const setCases: readonly SetCase[] = [
  { name: "apt-lists", bases: ["debian"] },
  { name: "apt-recommends", bases: ["debian"] },
  { name: "apt-recommends-needed", bases: ["debian"] },
  { name: "late-cleanup", bases: ["debian"] },
  { name: "update-alone", bases: ["debian"] },
  { name: "pip-cache", bases: ["tools"] },
  { name: "pip-unquoted", bases: ["tools"] },
  { name: "uv-cache", bases: ["tools"] },
  { name: "npm-cache", bases: ["node"] },
  { name: "multi-stage", bases: ["debian"] },
  { name: "heredoc", bases: ["debian", "frontend"] },
  { name: "windows-lines", bases: ["tools"] },
  { name: "owner-changed", bases: ["debian"], fill: (context) => fillApplication(join(context, "app")) },
  { name: "mode-changed", bases: ["debian"], fill: (context) => writeFileSync(join(context, "model.bin"), randomBytesOf(4e6)) },
  { name: "archive-downloaded", bases: ["tools"] },
  {
    name: "archive-copied",
    bases: ["debian"],
    isLeft: true,
    fill: (context) => writeFileSync(join(context, "tool.tar.gz"), toolArchive()),
  },
  { name: "git-history", bases: ["tools"] },
  { name: "archive-removed-late", bases: ["tools"] },
  { name: "build-tools", bases: ["tools"] },
  { name: "build-tools-used", bases: ["debian"] },
  { name: "runtime-libraries", bases: ["tools"] },
  { name: "virtual-environment", bases: ["debian"], wanted: ["multi-stage"] },
  { name: "site-packages", bases: ["pythonSlim"], wanted: ["multi-stage"] },
  { name: "several", bases: ["tools"], fill: (context) => writeFileSync(join(context, "weights.bin"), randomBytesOf(3e6)) },
  { name: "debian-slim", bases: ["debianFull", "debianSlim"], wanted: ["base-image"] },
  { name: "node-slim", bases: ["nodeFull", "nodeSlim"], wanted: ["base-image"] },
  { name: "python-slim", bases: ["pythonFull", "pythonSlim"], wanted: ["base-image"] },
  { name: "stt-service", bases: ["cuda", "cudaBase"], config: health, wanted: plans },
];

function fillApplication(folder: string): void {
  for (let number = 0; number < 40; number++) writeFileSync(join(folder, `part-${number}.dat`), randomBytesOf(50_000));
}

/** An archive with a program and two megabytes. */
export function toolArchive(): Uint8Array {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "tool"));
  writeFileSync(join(folder, "tool/run.sh"), "#!/bin/sh\necho a tool\n");
  writeFileSync(join(folder, "tool/table.bin"), randomBytesOf(2e6));
  return run("tar", ["--create", "--gzip", "--owner=0", "--group=0", "--directory", folder, "tool"]);
}

/** What came of a case: bytes of layers that were predicted, and that were saved. */
export interface SetResult {
  readonly outcome: BuildOutcome;
  readonly predictedBytes: number;
  readonly savedBytes: number;
  readonly before: number;
}

/** Builds a case as it is and smaller, and verifies it; both images keep names of this process. Throws UserError. */
export async function runCase(
  one: SetCase,
  servers: SetServers,
  tag: string,
  onNote: (text: string) => void = () => {},
): Promise<SetResult> {
  for (const base of one.bases) await tagSetBase(base);
  const context = join(temporaryFolder(), one.name);
  cpSync(join(setFolder, one.name), context, { recursive: true });
  one.fill?.(context);
  const config = join(context, "..", "deadweight.yaml");
  if (one.config !== undefined) writeFileSync(config, one.config);
  const options = { environment: process.env, signal: new AbortController().signal, insecure: [] } as const;
  const { outcome } = await build(context, {
    ...options,
    isStatic: false,
    expect: [],
    require: [],
    mostBuilds: 9,
    tag,
    propose: proposeEdits({ ...options, level: "verified" }),
    settings: { builder: "buildkit", network: "host", args: servers.args, labels: {}, freshly: false },
    onProgress: (event) => event.kind === "note" && onNote(event.text),
    ...(existsSync(config) ? { config } : {}),
  });
  const { before, after } = outcome.verification ?? {};
  return {
    outcome,
    predictedBytes: outcome.candidate?.predictedBytes ?? 0,
    savedBytes: (before?.tarBytes ?? 0) - (after?.tarBytes ?? 0),
    before: before?.tarBytes ?? outcome.original.image.engineBytes,
  };
}
