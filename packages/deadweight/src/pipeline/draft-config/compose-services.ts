import { asRecord } from "../../lib/parse-json.ts";

/** A service as a configuration file would have it, and the keys that say something and are not taken over. */
export interface DraftedService {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly left: readonly string[];
}

/** Keys of a compose file that say how an image is made, or nothing of how it runs. */
const ofOthers: ReadonlySet<string> = new Set([
  "image",
  "build",
  "container_name",
  "depends_on",
  "labels",
  "restart",
  "profiles",
]);

/** The services of a compose file, compose-spec's spec.md. What can't be taken over as it stands is left and named. */
export function composeServices(root: unknown): Readonly<Record<string, DraftedService>> {
  const services = asRecord(asRecord(root)?.["services"]) ?? {};
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, draftOf(asRecord(service) ?? {})]));
}

function draftOf(service: Readonly<Record<string, unknown>>): DraftedService {
  const fields: Record<string, unknown> = {};
  const left: string[] = [];
  for (const [key, value] of Object.entries(service)) {
    if (ofOthers.has(key)) continue;
    const taken = takers[key]?.(value);
    if (taken === undefined) left.push(key);
    else Object.assign(fields, taken);
  }
  return { fields: withProbes(fields), left };
}

/** A port is there to be asked. */
function withProbes(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return fields["port"] === undefined ? fields : { ...fields, probes: [{ name: "home", http: { path: "/" } }] };
}

type Fields = Readonly<Record<string, unknown>>;

/** What becomes of a key; undefined when it can't be said in a configuration file. */
const takers: Readonly<Record<string, (value: unknown) => Fields | undefined>> = {
  command: (value) => wordsIn(value, "command"),
  entrypoint: (value) => wordsIn(value, "entrypoint"),
  environment: (value) => ({ environment: variablesIn(value) }),
  ports: (value) => portIn(value),
  volumes: (value) => mountsIn(value),
  cap_add: (value) => (isTexts(value) ? { capabilities: value } : undefined),
  network_mode: (value) => (value === "host" || value === "none" ? { network: value } : undefined),
  read_only: (value) => (typeof value === "boolean" ? { readOnly: value } : undefined),
  mem_limit: (value) => (typeof value === "string" ? { memory: value } : undefined),
  pids_limit: (value) => (typeof value === "number" && value > 0 ? { pids: value } : undefined),
  stop_grace_period: (value) =>
    typeof value === "string" && /^\d+(?:\.\d+)?(?:ms|s|m|h)$/.test(value) ? { stopTimeout: value } : undefined,
};

/** A text is parted by a shell's rules; only what any rules part alike is taken. */
function wordsIn(value: unknown, name: string): Fields | undefined {
  if (isTexts(value)) return { [name]: value };
  return typeof value === "string" && /^[\w./:=@%+, -]+$/.test(value) ? { [name]: value.trim().split(/\s+/) } : undefined;
}

/** A map, or a list of `NAME=VALUE`; a name alone is a variable of who runs it. */
function variablesIn(value: unknown): Fields {
  const pairs = isTexts(value) ? value.map((line) => line.split(/=(.*)/s)) : Object.entries(asRecord(value) ?? {});
  return Object.fromEntries(
    pairs.flatMap(([name, setting]) =>
      setting === undefined || setting === null ? [] : [[name, typeof setting === "string" ? setting : JSON.stringify(setting)]],
    ),
  );
}

/** `8080:80`, `127.0.0.1:8080:80/tcp` or a number: the first port inside the container. */
function portIn(value: unknown): Fields | undefined {
  const [first] = Array.isArray(value) ? (value as unknown[]) : [];
  const target = asRecord(first)?.["target"] ?? first;
  const [, digits] = /(?:^|:)(\d{1,5})(?:\/tcp)?$/.exec(String(target)) ?? [];
  return digits === undefined ? undefined : { port: Number(digits) };
}

/** Folders of the machine; a named volume is the engine's, and begins empty. */
function mountsIn(value: unknown): Fields | undefined {
  const mounts = (Array.isArray(value) ? (value as unknown[]) : []).flatMap((volume) => {
    const [, source, target, mode] = typeof volume === "string" ? (/^([./~][^:]*):(\/[^:]*)(?::(.*))?$/.exec(volume) ?? []) : [];
    if (source === undefined || target === undefined) return [];
    return [{ source, target, ...(mode?.split(",").includes("ro") === true ? {} : { readOnly: false }) }];
  });
  return mounts.length === 0 ? undefined : { mounts };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === "string");
}
