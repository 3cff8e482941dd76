import { checks } from "../../src/checks/index.ts";
import type { Check, Comparison } from "../../src/contracts/check.ts";
import { type Verdict } from "../../src/index.ts";
import type { PlacedImage } from "../../src/pipeline/observe/container-plan.ts";
import { observePair } from "../../src/pipeline/observe/observe-pair.ts";
import { docker } from "../../src/runtimes/docker.ts";
import { serviceOf } from "./observed.ts";
import { connected } from "./running.ts";
import { comparisonOf, imageOf } from "./side-by-side.ts";

const settings = { healthTimeoutMs: 5000, stopSignal: "SIGTERM", ports: [8765], danger: undefined };

/** What these checks say of two images of the engine, as they run: without reading their layers. */
export async function runningVerdicts(
  images: readonly [before: string, after: string],
  only: readonly string[],
  service: object,
  healthCheck?: readonly string[],
): Promise<readonly Verdict[]> {
  const facts = imageOf([{ path: "usr/bin/python3", mode: 0o755 }], { Env: ["PATH=/usr/bin"] });
  const sideOf = (name: string): { readonly image: PlacedImage; readonly facts: typeof facts } => ({
    image: { name, settings: { ...settings, healthCheck } },
    facts,
  });
  const chosen = checks.filter(({ name }) => only.includes(name));
  const isWanted = (part: Check["observes"]): boolean => chosen.some(({ observes }) => observes === part);
  const wanted = { imports: isWanted("imports"), rounds: isWanted("rounds"), lives: isWanted("rounds") || isWanted(undefined) };
  const session = await connected(docker);
  const signal = new AbortController().signal;
  try {
    const sides = { before: sideOf(images[0]), after: sideOf(images[1]) };
    const pair = { service: serviceOf(service), session, signal, ...sides, onNote: () => {} };
    const comparison: Comparison = { ...comparisonOf(facts, facts), observed: await observePair(pair, wanted) };
    const results = await Promise.all(
      chosen.map(async (check) => (await check.compare(comparison)).map((result) => ({ check: check.name, ...result }))),
    );
    return results.flat();
  } finally {
    await session.close();
  }
}
