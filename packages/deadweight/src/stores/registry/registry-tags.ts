import { createHash } from "node:crypto";
import { defaultLimits } from "../../archive/limits.ts";
import type { WriteOptions } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import { acceptedManifests, manifestType } from "./manifest-type.ts";
import { parseReference, printReference, type RegistryReference } from "./parse-reference.ts";
import { persistently, realTiming, type Timing } from "./patience.ts";
import { readBody } from "./read-body.ts";
import { refusal } from "./refusal.ts";
import { connectRegistry, type RegistryClient } from "./registry-client.ts";

/** A manifest or an index that a registry has. */
export interface HeldManifest {
  /** Of the bytes, whatever the registry says. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A tag of a registry and its neighbours in the repository. All methods throw UserError. */
export interface RegistryTags {
  /** `registry.example/team/app:1`, and without the tag. */
  readonly printed: string;
  readonly repository: string;
  readonly tag: string;
  /** Whether `host/path`, as engines write it, is the same repository. */
  readonly isRepository: (name: string) => boolean;
  /** What a tag or a digest leads to; undefined when nothing. */
  readonly find: (id: string) => Promise<HeldManifest | undefined>;
  /** Makes a tag lead to a manifest that the registry has. */
  readonly put: (tag: string, manifest: HeldManifest) => Promise<void>;
  /** Takes a tag away; false when the registry can't, as many. */
  readonly remove: (tag: string) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

/** Connects to the repository of `[host[:port]/]path[:tag]`, as somebody who may push. Throws UserError. */
export async function openRegistryTags(
  name: string,
  options: Pick<WriteOptions, "environment" | "signal" | "insecure">,
  timing: Timing = realTiming,
): Promise<RegistryTags> {
  const reference = parseReference(name);
  const printed = printReference(reference);
  if (reference.digest !== undefined) {
    const hint = "write docker://HOST/NAME:TAG";
    throw new UserError("bad-reference", `${printed}: a digest, which can't be moved`, { exitCode: 2, hint });
  }
  const client = await connectRegistry({ ...options, reference, timing, actions: "pull,push" });
  const place = { client, printed, reference };
  return {
    printed,
    repository: `${reference.registry}/${reference.repository}`,
    tag: reference.tag,
    isRepository: (other) => {
      const { registry, repository } = parseReference(other);
      return registry === reference.registry && repository === reference.repository;
    },
    find: (id) => find(place, id),
    put: (tag, manifest) => put(place, tag, manifest),
    remove: (tag) => remove(place, tag),
    close: () => client.close(),
  };
}

interface Place {
  readonly client: RegistryClient;
  readonly printed: string;
  readonly reference: RegistryReference;
}

async function find({ client, printed, reference }: Place, id: string): Promise<HeldManifest | undefined> {
  return persistently(client.patience(printed), async () => {
    const answer = await client.send({ to: `manifests/${id}`, headers: { accept: acceptedManifests } });
    if (answer.status === 404) return answer.discard().then(() => undefined);
    if (answer.status !== 200) throw await refusal(answer, printed, reference.host);
    const bytes = await readBody(answer, defaultLimits.manifestBytes, `${printed}: the manifest`);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    if (id.startsWith("sha256:") && id !== digest)
      throw new UserError("digest-mismatch", `${printed}: asked for ${id}, the registry gave ${digest}`);
    return { digest, bytes, mediaType: manifestType(bytes, answer.header("content-type")[0], undefined, printed) };
  });
}

async function put({ client, printed, reference }: Place, tag: string, { mediaType, bytes }: HeldManifest): Promise<void> {
  await persistently(client.patience(printed), async () => {
    const headers = { "content-type": mediaType };
    const answer = await client.send({ to: `manifests/${tag}`, method: "PUT", headers, body: bytes });
    if (![200, 201, 202].includes(answer.status)) throw await refusal(answer, `${printed}: tag ${tag}`, reference.host);
    await answer.discard();
  });
}

/** Taking tags away is optional in the distribution specification; registries without answer 400, 404 or 405. */
async function remove({ client, printed }: Place, tag: string): Promise<boolean> {
  return persistently(client.patience(printed), async () => {
    const answer = await client.send({ to: `manifests/${tag}`, method: "DELETE" });
    await answer.discard();
    return answer.status === 202 || answer.status === 200;
  });
}
