import { defineCheck, judged, type Check } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree } from "../facts/file-tree.ts";
import { someOf } from "../lib/some-of.ts";
import { asRecord, parseJson } from "../lib/parse-json.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Labels of ours, and what engines wrote into configs of builds: nothing of a container depends on it. */
const ownLabel = /^dev\.deadweight\./;
const ofBuilds: ReadonlySet<string> = new Set(["Image", "Hostname", "Domainname", "ContainerConfig", "OnBuild", "ArgsEscaped"]);

/** What a container is started with: environment, entry point, command, user, folder, health check, volumes, ports, labels, stop signal. */
export const config: Check = defineCheck({
  name: "config",
  title: "environment, entry point, user, health check and all else of the config are the same",
  needs: "nothing",
  compare: ({ before, after, goneSettings = new Set() }) => {
    const [old, now] = [settingsOf(before), settingsOf(after)];
    const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => !ofBuilds.has(name));
    const rows = names.flatMap((name) => fieldDiffers(name, old[name], now[name]));
    const gone = rows.filter(({ part, is }) => is === undefined && goneSettings.has(part)).map(({ part }) => part);
    const differences = rows
      .filter(({ part }) => !gone.includes(part))
      .map(({ part, was, is }) => `${part}: was ${was ?? "not set"}, is ${is ?? "not set"}`);
    const announced = gone.length === 0 ? "" : `; gone as announced: ${someOf(gone)}`;
    return judged([...differences, ...userIsLost(before, after)], `${names.length} settings${announced}`, "settings differ");
  },
});

/** The settings, and the platform, on which the choice of a machine depends. */
function settingsOf({ image }: Facts): Fields {
  const root = asRecord(parseJson(image.configBytes, "image config")) ?? {};
  const { os, architecture, variant } = root;
  return { ...asRecord(root["config"]), os, architecture, variant };
}

/** One variable, label or setting of both images. */
interface Part {
  readonly part: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
}

function fieldDiffers(name: string, one: unknown, other: unknown): readonly Part[] {
  const [old, now] = [partsOf(name, one), partsOf(name, other)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((part) => {
    const [was, is] = [old.get(part), now.get(part)];
    return was === is ? [] : [{ part, was, is }];
  });
}

/** Variables, labels, ports and volumes one by one; nothing, null and what is empty are the same. */
function partsOf(name: string, value: unknown): ReadonlyMap<string, string> {
  if (name === "Env" && Array.isArray(value)) {
    const lines = value.filter((line) => typeof line === "string").map((line) => /^([^=]*)=?(.*)$/s.exec(line) ?? []);
    return new Map(lines.map(([, variable = "", setting = ""]) => [`Env ${variable}`, setting]));
  }
  const fields = Object.entries(asRecord(value) ?? {}).filter(([field]) => name !== "Labels" || !ownLabel.test(field));
  if (name === "Labels" || name === "ExposedPorts" || name === "Volumes")
    return new Map(fields.map(([field, setting]) => [`${name} ${field}`, JSON.stringify(setting)]));
  const text = JSON.stringify(value);
  return new Map(text === undefined || /^(?:null|""|\[\]|\{\}|false)$/.test(text) ? [] : [[name, text]]);
}

/** A user that is named, not numbered, is looked up in a file. */
function userIsLost(before: Facts, after: Facts): readonly string[] {
  const { user } = before.image.config;
  if (user === "" || /^\d+(?::\d+)?$/.test(user)) return [];
  return ["etc/passwd", ...(user.includes(":") ? ["etc/group"] : [])]
    .filter((path) => before.get(fileTree).resolve(path) >= 0 && after.get(fileTree).resolve(path) < 0)
    .map((path) => `User ${user}: /${path} is gone`);
}
