import { UserError } from "../lib/user-error.ts";

/** What a user typed for an image: which store, and what the store is asked for. Without a scheme it is for the tool to find out. */
export interface Reference {
  readonly scheme: string | undefined;
  readonly name: string;
}

/** How each store is written, longest first: `docker://` is a registry (skopeo), `docker:` the engine (syft). */
const prefixes: readonly (readonly [prefix: string, scheme: string])[] = [
  ["docker-archive:", "docker-archive"],
  ["docker-daemon:", "docker"],
  ["oci-archive:", "oci-archive"],
  ["registry:", "registry"],
  ["docker://", "registry"],
  ["oci-dir:", "oci"],
  ["docker:", "docker"],
  ["podman:", "podman"],
  ["oci:", "oci"],
];

/** Forms of other tools that no store reads, with what to write in their place. */
const foreign: readonly (readonly [prefix: string, hint: string])[] = [
  ["containers-storage:", "write podman:NAME, or copy it with skopeo to oci:FOLDER"],
  ["dir:", "copy it with skopeo to oci:FOLDER"],
  ["https://", "write docker://HOST/NAME:TAG for a registry"],
  ["http://", "write docker://HOST/NAME:TAG for a registry, with --insecure HOST"],
];

const maxLength = 4096;

/** Parses a reference as it is typed. Throws UserError `bad-reference`, exit 2, for what can be none. */
export function parseReference(text: string): Reference {
  const shown = JSON.stringify(text.slice(0, 80));
  if (text.trim() === "")
    throw badReference("image: the name is empty", "write an image, for instance docker:NAME or oci:FOLDER");
  if (text.length > maxLength) throw badReference(`image ${shown}…: a name of more than ${maxLength} characters`);
  if (/[\0-\x1f\x7f]/.test(text)) throw badReference(`image ${shown}: control characters in the name`);
  for (const [prefix, hint] of foreign) {
    if (text.startsWith(prefix)) throw badReference(`image ${shown}: ${prefix} is no store that can be read`, hint);
  }
  for (const [prefix, scheme] of prefixes) {
    if (!text.startsWith(prefix)) continue;
    const name = text.slice(prefix.length);
    if (name === "") throw badReference(`image ${shown}: nothing after ${prefix}`);
    return { scheme, name };
  }
  return { scheme: undefined, name: text };
}

/** An image name with everything that Docker adds to it: `busybox` is `docker.io/library/busybox:latest`. */
export function qualifiedName(name: string): string {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === "localhost";
  const host = isHost ? (first === "index.docker.io" ? "docker.io" : first) : "docker.io";
  const path = isHost ? name.slice(slash + 1) : name;
  const repository = host === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  const tagged = /[:@]/.test(repository.slice(repository.lastIndexOf("/") + 1)) || repository.includes("@");
  return `${host}/${repository}${tagged ? "" : ":latest"}`;
}

function badReference(message: string, hint?: string): UserError {
  return new UserError("bad-reference", message, { exitCode: 2, ...(hint === undefined ? {} : { hint }) });
}
