import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Facts } from "../../packages/deadweight/src/contracts/fact.ts";
import type { RuntimeSession } from "../../packages/deadweight/src/contracts/runtime.ts";
import { configSchema } from "../../packages/deadweight/src/model/config-schema.ts";
import type { Service } from "../../packages/deadweight/src/model/config.ts";
import type { Observed, ObservedImage } from "../../packages/deadweight/src/model/observation.ts";
import { imageSettings } from "../../packages/deadweight/src/pipeline/observe/image-settings.ts";
import { observeLife } from "../../packages/deadweight/src/pipeline/observe/observe-life.ts";
import { observePair } from "../../packages/deadweight/src/pipeline/observe/observe-pair.ts";
import { sweepImports } from "../../packages/deadweight/src/pipeline/observe/sweep-imports.ts";
import { docker } from "../../packages/deadweight/src/runtimes/docker.ts";

/** A request of the requests file: GET of a path, or more. */
export type Request = string | readonly [method: string, path: string, body: string];

/** What containers of the original did, looked at once, beside what those of a candidate without one file do. */
export interface CandidateRunner {
  readonly observe: (path: string, after: Facts) => Promise<Observed>;
  readonly close: () => Promise<void>;
}

/**
 * Runs candidates as `verify` does, in the Docker engine, on this machine's network. Every second request is a probe: a person who writes some
 * does not think of all that an application can be asked. What is measured is left out.
 */
export async function candidateRunner(
  image: string,
  facts: Facts,
  { port, requests }: { readonly port: number; readonly requests: readonly Request[] },
): Promise<CandidateRunner> {
  const signal = new AbortController().signal;
  const session = await docker.connect({ environment: process.env, signal, insecure: [], onNote: () => {} });
  const service = serviceOf(port, requests);
  const settings = imageSettings(facts.image);
  const original = { image: { name: image, settings }, facts };
  const wanted = { imports: true, rounds: false, lives: true };
  const pair = { service, session, signal, before: original, after: original, onNote: () => {} };
  const { before } = await observePair(pair, wanted);
  return {
    close: session.close,
    observe: async (path, after) => {
      const name = `deadweight-bench-${process.pid}:candidate`;
      buildWithout(image, path, name);
      try {
        return { service, before, after: await observed(session, service, { image: { name, settings }, facts: after }) };
      } finally {
        spawnSync("docker", ["image", "rm", "--force", name]);
      }
    },
  };
}

async function observed(
  session: RuntimeSession,
  service: Service,
  { image, facts }: Parameters<typeof observePair>[0]["after"],
): Promise<ObservedImage> {
  const signal = new AbortController().signal;
  const life = await observeLife({ service, session, signal, image, isMeasured: false });
  return { lives: [life], rounds: [], apart: [], imports: await sweepImports(facts, { service, session, image }) };
}

/** A short time to stop: as the first process of a container, Python and Node ignore the signal without a handler of their own. */
function serviceOf(port: number, requests: readonly Request[]): Service {
  const probes = requests
    .filter((_, place) => place % 2 === 0)
    .map((request) => {
      const [method, path, body] = typeof request === "string" ? (["GET", request, undefined] as const) : request;
      const sent = body === undefined ? {} : { body, headers: { "content-type": "application/json" } };
      return {
        name: `${method} ${path}`,
        timeout: "3s",
        http: { method, path, ...sent },
        compare: { headers: ["content-type"] },
      };
    });
  const capabilities = ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"];
  const times = { startTimeout: "8s", stopTimeout: "500ms" };
  const run = { network: "host", port, capabilities, ready: { path: "/" }, probes, ...times };
  const { api } = configSchema.parse({ services: { api: run } }).services;
  if (api === undefined) throw new Error("no service");
  return api;
}

function buildWithout(image: string, path: string, name: string): void {
  const folder = mkdtempSync(join(tmpdir(), "deadweight-candidate-"));
  try {
    writeFileSync(join(folder, "Dockerfile"), `FROM ${image}\nRUN ${JSON.stringify(["/usr/bin/rm", `/${path}`])}\n`);
    const environment = { ...process.env, DOCKER_BUILDKIT: "0" };
    const argv = ["build", "--quiet", "--network", "none", "--tag", name, folder];
    const { status, stderr } = spawnSync("docker", argv, { env: environment, encoding: "utf8" });
    if (status !== 0) throw new Error(`${path}: ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
