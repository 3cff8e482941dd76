import { dirname, resolve } from "node:path";
import { homedir } from "node:os";
import type { Document, LineCounter, Node } from "yaml";
import type { $ZodIssue } from "zod/v4/core";
import { closestName } from "../lib/did-you-mean.ts";
import { asRecord } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import type { Config, Service, ServiceBuild } from "../model/config.ts";
import { readBounded } from "./load-report.ts";

/** A parsed file, and where in it things stand. */
interface Parsed {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * The configuration in a YAML file, its folders made absolute. Throws UserError `bad-configuration`, exit 2, with one line for each thing
 * that is wrong: `deadweight.yaml:4:5: services.api.prot: not a key that is known; did you mean "port"?`
 */
export async function loadConfig(file: string): Promise<Config> {
  const bytes = await readBounded(file, `could not read the configuration ${file}`);
  const [{ LineCounter, parseDocument }, { configSchema }] = await Promise.all([
    import("yaml"),
    import("../model/config-schema.ts"),
  ]);
  const lines = new LineCounter();
  const document = parseDocument(new TextDecoder().decode(bytes), { lineCounter: lines, prettyErrors: false });
  const parsed = { file, document, lines };
  if (document.errors.length > 0)
    throw wrong(document.errors.map(({ pos, message }) => `${placeOf(parsed, pos[0])}: ${message}`));
  const checked = configSchema.safeParse(valueOf(parsed));
  if (!checked.success) throw wrong(await issueLines(checked.error.issues, parsed));
  return withFolders(checked.data, dirname(resolve(file)));
}

/** The GPUs that a configuration file says the images are for; undefined when it names none. Throws UserError as `loadConfig`. */
export async function configuredGpus(file: string): Promise<Config["gpus"]> {
  return (await loadConfig(file)).gpus;
}

/** Aliases that grow beyond all bounds are refused by the parser. */
function valueOf({ document, file }: Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw wrong([`${file}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

async function issueLines(issues: readonly $ZodIssue[], parsed: Parsed): Promise<readonly string[]> {
  const { reportJsonSchema } = await import("./report-json-schema.ts");
  const schema = await reportJsonSchema("config");
  const found = issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    if (issue.code !== "unrecognized_keys") return [lineOf(path, issue.message, parsed)];
    return issue.keys.map((key) => {
      const closest = closestName(key, knownKeys(schema, path));
      const meant = closest === undefined ? "" : `; did you mean "${closest}"?`;
      return lineOf([...path, key], `not a key that is known${meant}`, parsed);
    });
  });
  return found.sort((one, other) => one.offset - other.offset).map(({ line }) => line);
}

function lineOf(path: readonly (string | number)[], message: string, parsed: Parsed): { offset: number; line: string } {
  const offset = offsetOf(parsed.document, path);
  return { offset, line: `${placeOf(parsed, offset)}: ${path.join(".") || "the file"}: ${message}` };
}

/** Where the key stands, or the nearest thing above it that is there. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const holder = document.getIn(path.slice(0, length - 1), true);
    const items = asRecord(holder)?.["items"];
    const last = path[length - 1];
    if (!Array.isArray(items)) continue;
    const pair = items.find((item) => asRecord(asRecord(item)?.["key"])?.["value"] === last);
    const node = pair === undefined ? items[Number(last)] : asRecord(pair)?.["key"];
    const range = (node as Partial<Node> | undefined)?.range;
    if (range) return range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function placeOf({ file, lines }: Parsed, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

/** Keys that the JSON Schema has at a path. */
function knownKeys(schema: unknown, path: readonly (string | number)[]): readonly string[] {
  const found = path.reduce<unknown>((at, part) => {
    const here = asRecord(at);
    return (
      asRecord(here?.["properties"])?.[part] ?? (typeof part === "number" ? here?.["items"] : here?.["additionalProperties"])
    );
  }, schema);
  return Object.keys(asRecord(asRecord(found)?.["properties"]) ?? {});
}

function withFolders({ services, ...others }: Config, folder: string): Config {
  const absolute = (service: Service): Service => ({
    ...service,
    ...(service.build === undefined ? {} : { build: withContext(service.build, folder) }),
    mounts: service.mounts.map((mount) => ({ ...mount, source: resolve(folder, mount.source.replace(/^~(?=\/|$)/, homedir())) })),
  });
  return {
    ...others,
    services: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, absolute(service)])),
  };
}

function withContext(build: ServiceBuild, folder: string): ServiceBuild {
  const context = resolve(folder, build.context);
  return { ...build, context, ...(build.dockerfile === undefined ? {} : { dockerfile: resolve(context, build.dockerfile) }) };
}

function wrong(lines: readonly string[]): UserError {
  const shown = lines.slice(0, 20);
  return new UserError("bad-configuration", shown.join("\n"), { exitCode: 2 });
}
