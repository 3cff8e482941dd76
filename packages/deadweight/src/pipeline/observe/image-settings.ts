import { parseDuration } from "../../lib/duration.ts";
import { asSize } from "../../lib/integer.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import type { Image } from "../../model/image.ts";

/** What an image's config says of running it, beside what every reader of configs needs. */
export interface ImageSettings {
  /** The words of HEALTHCHECK as they are run; undefined for none. */
  readonly healthCheck: readonly string[] | undefined;
  readonly healthTimeoutMs: number;
  readonly stopSignal: string;
  /** Of TCP. */
  readonly ports: readonly number[];
  /** Why it is not run at all. */
  readonly danger: string | undefined;
}

const defaultHealthTimeoutMs = parseDuration("30s") ?? 0;

/** The settings of an image's config, OCI image-spec config.md. */
export function imageSettings({ config, configBytes }: Image): ImageSettings {
  const settings = asRecord(asRecord(parseJson(configBytes, "image config"))?.["config"]) ?? {};
  const health = asRecord(settings["Healthcheck"]);
  const { StopSignal: signal } = settings;
  // Docker has nanoseconds.
  const timeoutMs = Math.round((asSize(health?.["Timeout"]) ?? 0) / 1e6);
  return {
    healthCheck: commandIn(health?.["Test"]),
    healthTimeoutMs: timeoutMs > 0 ? timeoutMs : defaultHealthTimeoutMs,
    stopSignal: typeof signal === "string" && /^(?:SIG)?[A-Z0-9+-]{1,16}$/.test(signal) ? signal : "SIGTERM",
    ports: Object.keys(asRecord(settings["ExposedPorts"]) ?? {}).flatMap((port) => portIn(port)),
    danger: dangerOf(config),
  };
}

/** `["CMD", "curl", "x"]` is run as it stands, `["CMD-SHELL", "curl x"]` by a shell, `["NONE"]` not at all. */
function commandIn(test: unknown): readonly string[] | undefined {
  if (!Array.isArray(test)) return undefined;
  const [kind, ...words] = test.filter((word) => typeof word === "string");
  if (words.length === 0) return undefined;
  if (kind === "CMD-SHELL") return ["/bin/sh", "-c", ...words];
  return kind === "CMD" ? words : undefined;
}

function portIn(port: string): readonly number[] {
  const [, digits] = /^(\d{1,5})(?:\/tcp)?$/.exec(port) ?? [];
  return digits === undefined ? [] : [Number(digits)];
}

/** CVE-2024-21626: a working folder of the runtime's own open files leads out of the container. */
function dangerOf({ workingDirectory }: Image["config"]): string | undefined {
  return /^\/+proc(?:\/|$)/.test(workingDirectory) ? `its working folder is ${workingDirectory}` : undefined;
}
