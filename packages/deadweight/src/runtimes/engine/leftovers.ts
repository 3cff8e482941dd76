import type { Engine } from "../../engine/connect-engine.ts";
import { type AsideOwner, hasEnded } from "../../lib/aside-owner.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { runLabel } from "./container-config.ts";

/** What names of images begin with that are loaded for a run: the run's id follows, and a tag. */
export const imagePrefix = "deadweight-run-";

/** Something in the engine with our mark: how to take it away, and whose it is. */
interface Marked {
  readonly path: string;
  readonly runId: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

/** A container that is killed may take the engine a while. */
const removeTimeoutMs = 60_000;

/** Takes away what runs have left whose process is no more; gives how many things it was. Somebody else may be doing the same. */
export async function removeLeftovers(engine: Engine, owner: AsideOwner): Promise<number> {
  const left = (await allMarked(engine)).filter(({ runId, createdMs }) => {
    const [, pid = "", machine = ""] = /^(\d+)-([0-9a-f]{6})-/.exec(runId) ?? [];
    return pid !== "" && hasEnded({ pid: Number(pid), machine, sinceMs: createdMs }, owner);
  });
  for (const one of left) await remove(engine, one).catch(unlessEngineSaysNo);
  return left.length;
}

/** Takes away all that a run has made, after a stop as well. Throws the first failure when it has tried all. */
export async function removeRun(engine: Engine, runId: string): Promise<void> {
  const failures: unknown[] = [];
  for (const one of (await allMarked(engine)).filter((marked) => marked.runId === runId)) {
    await remove(engine, one).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/** What another process took away in the meantime is no failure, nor is what it still uses. */
function unlessEngineSaysNo(error: unknown): void {
  if (error instanceof UserError && (error.code === "not-found" || error.code === "engine-failed")) return;
  throw error;
}

async function remove(engine: Engine, { path }: Marked): Promise<void> {
  try {
    const signal = AbortSignal.timeout(removeTimeoutMs);
    await engine.ask({ method: "DELETE", path, signal, timeoutMs: removeTimeoutMs });
  } catch (error) {
    if (!(error instanceof UserError && error.code === "not-found")) throw error;
  }
}

/** Containers first, which use networks and images. */
async function allMarked(engine: Engine): Promise<readonly Marked[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [runLabel] }));
  const containers = await list(engine, `/containers/json?all=1&filters=${filters}`);
  const networks = await list(engine, `/networks?filters=${filters}`);
  const images = await list(engine, "/images/json");
  return [
    ...containers.flatMap((one) => labelled(one, (id) => `/containers/${id}?force=1&v=1`)),
    ...networks.flatMap((one) => labelled(one, (id) => `/networks/${id}`)),
    ...images.flatMap(namedImages),
  ];
}

async function list(engine: Engine, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const signal = AbortSignal.timeout(removeTimeoutMs);
  const answer = await engine.ask({ method: "GET", path, signal }, 64 * 1024 * 1024);
  return Array.isArray(answer) ? answer.map((one) => asRecord(one) ?? {}) : [];
}

function labelled(found: Readonly<Record<string, unknown>>, pathOf: (id: string) => string): readonly Marked[] {
  const { Id: id, Created: created } = found;
  const runId = asRecord(found["Labels"])?.[runLabel];
  if (typeof id !== "string" || !/^[0-9a-f]{1,128}$/.test(id) || typeof runId !== "string") return [];
  return [{ path: pathOf(id), runId, createdMs: timeOf(created) }];
}

/** An image that also has another name stays under that. */
function namedImages({ RepoTags: tags, Created: created }: Readonly<Record<string, unknown>>): readonly Marked[] {
  if (!Array.isArray(tags)) return [];
  return tags.flatMap((tag) => {
    const [, name = "", runId = ""] =
      typeof tag === "string" ? (/^(?:localhost\/)?(deadweight-run-([0-9a-f-]+):[a-z]+)$/.exec(tag) ?? []) : [];
    // An image's own time is that of its build: the process alone says whether the run has ended.
    const createdMs = Math.max(timeOf(created), Date.now());
    return name === "" ? [] : [{ path: `/images/${encodeURIComponent(String(tag))}?noprune=1`, runId, createdMs }];
  });
}

/** Containers have seconds, networks a date. */
function timeOf(created: unknown): number {
  const time = typeof created === "number" ? created * 1000 : Date.parse(String(created));
  return Number.isFinite(time) ? time : Date.now();
}
