import { parseJson } from "../../lib/parse-json.ts";
import { locateJson, memberOf, withItems, withMembers } from "./json-text.ts";

/** What of an image config is changed. */
export interface ConfigChanges {
  /** New diffIds by the layer's place. */
  readonly diffIds: ReadonlyMap<number, string>;
  /** Added to the image's labels, or put in the place of one with that name. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * An image config with other diffIds and more labels. Everything else stays as it is written: keys known or not, their order,
 * number text, escapes. Throws UserError `unreadable` for what is no JSON.
 */
export function rewriteConfig(configBytes: Uint8Array, changes: ConfigChanges): Uint8Array {
  parseJson(configBytes, "image config");
  const text = new TextDecoder().decode(configBytes);
  const root = locateJson(text);
  const rootfs = memberOf(root, "rootfs");
  const settings = memberOf(root, "config");
  const diffIds = new Map([...changes.diffIds].map(([layer, diffId]) => [layer, JSON.stringify(diffId)]));
  const labels = Object.fromEntries(Object.entries(changes.labels).map(([key, value]) => [key, JSON.stringify(value)]));
  const edited = {
    ...(diffIds.size === 0
      ? {}
      : { rootfs: withMembers(text, rootfs, { diff_ids: withItems(text, memberOf(rootfs, "diff_ids"), diffIds) }) }),
    ...(Object.keys(labels).length === 0
      ? {}
      : { config: withMembers(text, settings, { Labels: withMembers(text, memberOf(settings, "Labels"), labels) }) }),
  };
  return Object.keys(edited).length === 0 ? configBytes : Buffer.from(withMembers(text, root, edited));
}
