import { asRecord, parseJson } from "../lib/parse-json.ts";
import { textValues } from "../lib/text-values.ts";
import { UserError } from "../lib/user-error.ts";
import { isDigest } from "../model/digest.ts";
import type { HistoryRow, ImageConfig } from "../model/image.ts";
import type { Platform } from "../model/platform.ts";

/**
 * Reads an image config, OCI image-spec config.md and Docker's of the same form. A diffId that is no digest is refused; what is odd
 * but harmless (a null, an Env without `=`) is taken as empty or as it stands.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const root = record(parseJson(bytes, "image config"));
  const settings = record(root["config"]);
  const diffIds = list(record(root["rootfs"])["diff_ids"]);
  if (!diffIds.every(isDigest)) throw new UserError("unreadable", "image config: rootfs.diff_ids holds what is no digest");
  const created = text(root["created"]);
  return {
    platform: parsePlatformOf(root),
    ...(created === undefined ? {} : { created }),
    diffIds,
    history: list(root["history"]).map(parseHistoryRow),
    environment: texts(settings["Env"]),
    entrypoint: texts(settings["Entrypoint"]),
    command: texts(settings["Cmd"]),
    user: text(settings["User"]) ?? "",
    workingDirectory: text(settings["WorkingDir"]) ?? "",
    labels: textValues(settings["Labels"]),
  };
}

function parsePlatformOf(root: Readonly<Record<string, unknown>>): Platform {
  const variant = text(root["variant"]);
  return {
    os: text(root["os"]) ?? "linux",
    architecture: text(root["architecture"]) ?? "unknown",
    ...(variant === undefined || variant === "" ? {} : { variant }),
  };
}

function parseHistoryRow(value: unknown): HistoryRow {
  const row = record(value);
  const optional = Object.entries({
    created: text(row["created"]),
    createdBy: text(row["created_by"]),
    comment: text(row["comment"]),
    author: text(row["author"]),
  }).filter(([, field]) => field !== undefined);
  return { ...Object.fromEntries(optional), emptyLayer: row["empty_layer"] === true };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return asRecord(value) ?? {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A list of texts; Entrypoint and Cmd may be one text in old images. */
function texts(value: unknown): readonly string[] {
  return typeof value === "string" ? [value] : list(value).filter((item) => typeof item === "string");
}
