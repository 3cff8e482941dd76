import { asRecord, parseJson } from "../lib/parse-json.ts";
import type { Image } from "../model/image.ts";
import type { Violation } from "../model/violation.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Labels that a rewrite may add or change. */
const ownLabel = /^dev\.deadweight\./;

/** What differs between two configs and the manifests above them, but for diffIds, history and labels of ours. */
export function compareConfigs(before: Image, after: Image): readonly Violation[] {
  const [old, now] = [configOf(before), configOf(after)];
  const settings = (config: Fields): Fields => asRecord(config["config"]) ?? {};
  return [
    ...compareFields("config", without(old, "config", "rootfs", "history"), without(now, "config", "rootfs", "history")),
    ...compareFields("config.config", without(settings(old), "Labels"), without(settings(now), "Labels")),
    ...compareFields("config.config.Labels", others(settings(old)["Labels"]), others(settings(now)["Labels"])),
    ...compareFields(
      "rootfs",
      without(asRecord(old["rootfs"]) ?? {}, "diff_ids"),
      without(asRecord(now["rootfs"]) ?? {}, "diff_ids"),
    ),
    ...compareFields("annotations", before.annotations, after.annotations),
    ...(before.manifestBytes === undefined || isZstd(after)
      ? []
      : compareText("manifest family", familyOf(before), familyOf(after))),
  ];
}

function configOf({ configBytes }: Image): Fields {
  return asRecord(parseJson(configBytes, "image config")) ?? {};
}

function compareFields(where: string, old: Fields, now: Fields): readonly Violation[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const fields = names.flatMap((name) => compareText(`${where}: ${name}`, textOf(old[name]), textOf(now[name])));
  return fields.length > 0
    ? fields
    : compareText(`${where}: order of its fields`, Object.keys(old).join(), Object.keys(now).join());
}

function compareText(what: string, expected: string, actual: string): readonly Violation[] {
  if (expected === actual) return [];
  return [{ invariant: "config", message: `${what}: is not what it was`, expected, actual }];
}

function textOf(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function others(labels: unknown): Fields {
  return Object.fromEntries(Object.entries(asRecord(labels) ?? {}).filter(([name]) => !ownLabel.test(name)));
}

/** Docker's types have no word for zstd, so that the image becomes one of OCI's. */
function isZstd(image: Image): boolean {
  return image.layers.some(({ mediaType }) => mediaType.endsWith("zstd")) && familyOf(image) === "oci";
}

/** Whether media types are Docker's or OCI's. */
function familyOf({ layers }: Image): string {
  return [...new Set(layers.map(({ mediaType }) => (mediaType.includes("docker") ? "docker" : "oci")))].sort().join(" and ");
}
