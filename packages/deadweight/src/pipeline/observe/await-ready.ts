import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../../contracts/runtime.ts";
import type { Ready, Service } from "../../model/config.ts";
import type { Answer, ReadyBy } from "../../model/observation.ts";
import { valuesAt } from "../../model/json-paths.ts";
import type { HttpClient } from "./ask-http.ts";
import { whatEngineSays } from "./why-not-started.ts";
import type { ImageSettings } from "./image-settings.ts";

/** How it is found out whether a container is ready: undefined for ready, else what is wrong. */
export interface Readiness {
  readonly by: ReadyBy;
  readonly ask: () => Promise<string | undefined>;
}

/** Between two questions. */
const pauseMs = 10;
const requestTimeoutMs = 5000;

/** By the configured request, by the image's health check, by any answer to the first probe: the first of them that there is. */
export function readinessOf(
  service: Service,
  { healthCheck, healthTimeoutMs }: ImageSettings,
  container: Container,
  http: HttpClient | undefined,
): Readiness {
  const { ready } = service;
  const first = service.probes.find((probe) => probe.http !== undefined)?.http;
  const get = (path: string): Promise<Answer> | undefined =>
    http?.ask("ready", { method: "GET", path, headers: {} }, requestTimeoutMs);
  if (ready !== undefined) {
    return { by: "request", ask: async () => lacking(await get(ready.path), ready) };
  }
  if (healthCheck !== undefined) {
    return { by: "health check", ask: async () => unhealthy(await container.exec(healthCheck, healthTimeoutMs)) };
  }
  if (first === undefined) return { by: "nothing", ask: () => Promise.resolve(undefined) };
  return { by: "answer", ask: async () => (await get(first.path))?.failure };
}

/** Asks until it is ready, has ended, or its time is over; gives what was wrong in the end. */
export async function awaitReady(
  { ask }: Readiness,
  container: Container,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    // It runs nothing in a container that has just ended.
    const wrong = await ask().catch(whatEngineSays);
    if (wrong === undefined) return undefined;
    signal.throwIfAborted();
    if (!(await container.state()).isRunning) return "it has ended";
    if (performance.now() > end) return `${wrong}, after ${timeoutMs} ms`;
    await sleep(pauseMs, undefined, { signal });
  }
}

function unhealthy({ exitCode, timedOut, output }: Awaited<ReturnType<Container["exec"]>>): string | undefined {
  if (exitCode === 0) return undefined;
  const said = Buffer.from(output).toString().trim().slice(0, 200);
  return timedOut ? "the health check does not end" : `the health check ends with ${exitCode}${said === "" ? "" : `: ${said}`}`;
}

function lacking(answer: Answer | undefined, { path, status, json, text }: Ready): string | undefined {
  if (answer === undefined) return "it has no address";
  if (answer.failure !== undefined) return `${path}: ${answer.failure}`;
  if (answer.code !== status) return `${path}: status ${answer.code}`;
  const body = Buffer.from(answer.body).toString();
  if (text !== undefined && !new RegExp(text, "u").test(body)) return `${path}: the answer has no ${text}`;
  const wanted = Object.entries(json ?? {}).find(([at, value]) => !isThere(body, at, value));
  return wanted === undefined ? undefined : `${path}: ${wanted[0]} is not ${JSON.stringify(wanted[1])}`;
}

function isThere(body: string, path: string, value: unknown): boolean {
  try {
    const root: unknown = JSON.parse(body);
    return valuesAt(root, path).some((found) => JSON.stringify(found) === JSON.stringify(value));
  } catch {
    return false;
  }
}
