import type { Engine } from "../engine/connect-engine.ts";
import { asRecord } from "../lib/parse-json.ts";
import type { BuilderName } from "../model/build.ts";

const maxAnswerBytes = 1024 * 1024;
/** Of the API, since Docker 18.09. */
const firstWithBuildKit = 39;

/** BuildKit where the engine has it, or what is asked for. Podman has one builder of its own, which speaks as Docker's first. */
export async function chooseBuilder(engine: Engine, asked: BuilderName | "auto"): Promise<BuilderName> {
  if (asked !== "auto") return asked;
  const version = asRecord(await engine.json("/version", maxAnswerBytes)) ?? {};
  const { ApiVersion: api, Os: os, Components: parts } = version;
  const isPodman = Array.isArray(parts) && parts.some((part) => String(asRecord(part)?.["Name"]).startsWith("Podman"));
  const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)$/.exec(String(api)) ?? [];
  const isNewer = Number(major) > 1 || (major === "1" && Number(minor) >= firstWithBuildKit);
  return isNewer && os === "linux" && !isPodman ? "buildkit" : "legacy";
}
