import { stat } from "node:fs/promises";
import { defaultLimits } from "../archive/limits.ts";
import { completeImage } from "../image/complete.ts";
import { UserError } from "../lib/user-error.ts";
import { composeServices, type DraftedService } from "./draft-config/compose-services.ts";
import { readBounded } from "./load-report.ts";
import { imageSettings, type ImageSettings } from "./observe/image-settings.ts";
import { type ImageOptions, withSource } from "./with-facts.ts";

const head = `# How \`deadweight verify --config\` runs the containers, and what it asks them: docs/verifying.md.
# All keys are in docs/config-schema.json.
`;

const examples = `
# More probes, below \`probes:\` of a service:
#   - { name: items, http: { path: /items }, compare: { ignore: [$.time] } }
#   - { name: version, command: [python3, --version] }
#   - { name: help, arguments: [--help] }
`;

/**
 * A first \`deadweight.yaml\`, of an image's config or of a compose file: a file whose name ends in .yaml or .yml. Throws UserError when
 * neither can be read.
 */
export async function draftConfig(from: string, options: ImageOptions): Promise<string> {
  const isFile = /\.ya?ml$/i.test(from) && (await stat(from).catch(() => undefined))?.isFile() === true;
  return isFile ? draftOfCompose(from) : draftOfImage(from, options);
}

async function draftOfCompose(file: string): Promise<string> {
  const what = `could not read the compose file ${file}`;
  const bytes = await readBounded(file, what);
  const { parse } = await import("yaml");
  const root: unknown = ((): unknown => {
    try {
      return parse(new TextDecoder().decode(bytes), { maxAliasCount: 100 });
    } catch (error) {
      throw new UserError("unreadable", `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  })();
  const services = composeServices(root);
  if (Object.keys(services).length === 0) throw new UserError("unreadable", `${what}: it has no services`);
  return print(services);
}

async function draftOfImage(reference: string, options: ImageOptions): Promise<string> {
  return withSource(reference, options, async ({ source, open }) => {
    const image = await completeImage(source, open.platform, defaultLimits);
    return print({ [nameOf(reference)]: { fields: fieldsOf(imageSettings(image)), left: [] } });
  });
}

/** An image that exposes a port is asked there; which answers count, only its author knows. */
function fieldsOf({ ports, healthCheck }: ImageSettings): DraftedService["fields"] {
  const [port] = ports;
  if (port === undefined) return {};
  const ready = healthCheck === undefined ? { ready: { path: "/" } } : {};
  return { port, ...ready, probes: [{ name: "home", http: { path: "/" } }] };
}

async function print(services: Readonly<Record<string, DraftedService>>): Promise<string> {
  const { stringify } = await import("yaml");
  const left = Object.entries(services).filter(([, service]) => service.left.length > 0);
  const notes = left.map(([name, service]) => `# Not taken over from ${name}: ${service.left.join(", ")}.\n`);
  const fields = Object.entries(services).map(([name, service]) => [name, service.fields]);
  return `${head}${notes.join("")}${stringify({ services: Object.fromEntries(fields) }, { lineWidth: 0 })}${examples}`;
}

/** `docker://host/team/api:1.2` is `api`. */
function nameOf(reference: string): string {
  const last = reference.replace(/@.*$/, "").split("/").at(-1) ?? "";
  const name = last
    .replace(/^(?:[a-z-]+:)(?=.)/, "")
    .replace(/:.*$/, "")
    .replace(/[^\w.-]/g, "-");
  return /^[A-Za-z0-9]/.test(name) ? name : "image";
}
