import { UserError } from "../../lib/user-error.ts";
import { type Digest, isDigest } from "../../model/digest.ts";

/** An image in a registry as `[host[:port]/]path[:tag][@digest]` names it, with Docker's defaults filled in. */
export interface RegistryReference {
  /** As people and configuration files write it: `docker.io`, `registry.example`, `127.0.0.1:5000`. */
  readonly registry: string;
  /** Where it answers: `registry-1.docker.io` for `docker.io`. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  /** When the reference has one it decides, whatever the tag. */
  readonly digest?: Digest;
}

const longestText = 1024;
// The grammar of distribution/reference, reference.go.
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[a-f0-9:]+\])(?::(\d{1,5}))?$/i;
const componentPattern = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;

/** Reads a registry reference. Throws UserError `invalid-reference` with exit code 2. */
export function parseReference(text: string): RegistryReference {
  const at = text.indexOf("@");
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? "latest" : named.slice(colon + 1);
  const { registry, repository } = splitName(colon < 0 ? named : named.slice(0, colon));
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const fault = faultOf({ text, registry, repository, tag, digest });
  if (fault !== undefined) throw invalid(text, fault);
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  return { registry, host, repository, tag, ...(isDigest(digest) ? { digest } : {}) };
}

/** The reference in full: `docker.io/library/debian:12`. */
export function printReference({ registry, repository, tag, digest }: RegistryReference): string {
  return digest === undefined ? `${registry}/${repository}:${tag}` : `${registry}/${repository}@${digest}`;
}

/** The first component is a host when it can't be a folder of Docker Hub: a dot, a port, `localhost` or an upper-case letter. */
function splitName(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(0, slash));
  const isHost = first === "localhost" || /[.:A-Z[]/.test(first);
  const registry = isHost ? first.toLowerCase() : "docker.io";
  const repository = isHost ? name.slice(slash + 1) : name;
  if (registry !== "docker.io" && registry !== "index.docker.io") return { registry, repository };
  return { registry: "docker.io", repository: repository.includes("/") ? repository : `library/${repository}` };
}

interface Parts {
  readonly text: string;
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

function faultOf({ text, registry, repository, tag, digest }: Parts): string | undefined {
  if (text.length > longestText) return `it has more than ${longestText} characters`;
  const host = hostPattern.exec(registry);
  if (!host || Number(host[1] ?? 0) > 65535 || !URL.canParse(`https://${registry}`)) return "the host is not valid";
  if (repository.length > 255) return "the name has more than 255 characters";
  if (/[A-Z]/.test(repository)) return "the name has upper-case letters";
  if (!repository.split("/").every((component) => componentPattern.test(component))) return "the name is not valid";
  if (!tagPattern.test(tag)) return "the tag is not valid";
  if (digest !== undefined && !isDigest(digest)) return "the digest is not valid";
  return undefined;
}

function invalid(text: string, fault: string): UserError {
  // What stands before an @ that a / follows may be a password.
  const secretEnd = text.lastIndexOf("@", text.lastIndexOf("/"));
  const shown = secretEnd < 0 ? text.slice(0, longestText) : `…${text.slice(secretEnd, secretEnd + longestText)}`;
  return new UserError("invalid-reference", `registry reference ${JSON.stringify(shown)}: ${fault}`, {
    hint: "Write docker://host/name:tag or docker://host/name@sha256:…; logins come from `docker login`.",
    exitCode: 2,
  });
}
