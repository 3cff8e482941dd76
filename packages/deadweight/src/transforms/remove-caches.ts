import { defineTransform, type Transform } from "../contracts/transform.ts";
import { removeClaimed } from "./claims/remove-claimed.ts";

const rules = [
  "apk-cache",
  "apt-archives",
  "apt-lists",
  "conda-cache",
  "logs",
  "npm-cache",
  "pip-cache",
  "rpm-cache",
  "uv-cache",
];

/** Removes what package managers can load again, their logs and old copies of databases. */
export const removeCaches: Transform = defineTransform({
  name: "remove-caches",
  title: "Remove caches and lists of package managers, logs and old databases",
  safety: "lossless",
  order: 30,
  plan: (_facts, context) => removeClaimed(context, rules, "lossless"),
});
