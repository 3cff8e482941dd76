import { stat } from "node:fs/promises";
import type { ImageSource, OpenOptions, Store } from "../contracts/store.ts";
import { UserError } from "../lib/user-error.ts";
import { parseReference } from "../model/reference.ts";
import { stores as allStores } from "../stores/index.ts";

/** An image that was found, and where. */
export interface OpenedImage {
  readonly source: ImageSource;
  /** The store that has it: for a bare reference, the one that was chosen. */
  readonly store: Store;
}

/** Stores that a bare name is looked for in, in this order. */
const searched: readonly string[] = ["docker", "podman", "registry"];

/**
 * Opens the image that a reference means. A bare one is a file or folder that is there and looks like an image, else an image of
 * Docker, of Podman, or of a registry. Throws UserError; when nothing was found it lists what was tried and why each failed.
 */
export async function openImage(text: string, options: OpenOptions, stores: readonly Store[] = allStores): Promise<OpenedImage> {
  const { scheme, name } = parseReference(text);
  if (scheme !== undefined) return openIn(storeOf(stores, scheme), name, options);
  const failures: UserError[] = [];
  const opened = (await openLocal(name, options, stores, failures)) ?? (await search(name, options, stores, failures));
  if (opened !== undefined) return opened;
  throw new UserError(
    "not-found",
    `${JSON.stringify(name)}: no image found: ${failures.map(({ message }) => message).join("; ")}`,
    {
      cause: new AggregateError(failures),
      hint:
        failures.findLast((failure) => failure.hint !== undefined)?.hint ??
        "say which one is meant: docker:NAME, oci:FOLDER, docker://HOST/NAME",
    },
  );
}

async function openIn(store: Store, name: string, options: OpenOptions): Promise<OpenedImage> {
  return { source: await store.open(name, options), store };
}

function storeOf(stores: readonly Store[], scheme: string): Store {
  const store = stores.find((candidate) => candidate.scheme === scheme);
  if (store !== undefined) return store;
  throw new UserError("bad-reference", `no store for ${scheme}: among ${stores.map((known) => known.scheme).join(", ")}`, {
    exitCode: 2,
  });
}

/** The image in a file or folder: `PATH[:SELECTOR]`, the longest path that is there. */
async function openLocal(
  name: string,
  options: OpenOptions,
  stores: readonly Store[],
  failures: UserError[],
): Promise<OpenedImage | undefined> {
  const path = await existingPath(name);
  if (path === undefined) {
    failures.push(new UserError("not-found", "no file or folder of that name"));
    return undefined;
  }
  for (const store of stores) {
    if ((await store.recognises?.(path)) === true) return openIn(store, name, options);
  }
  const hint = "say what it is, docker-archive:FILE or oci:FOLDER, to learn what is wrong with it";
  failures.push(
    new UserError("unreadable", `${JSON.stringify(path)} is here, but is no image archive and no OCI layout`, { hint }),
  );
  return undefined;
}

async function existingPath(name: string): Promise<string | undefined> {
  for (let end = name.length; end > 0; end = name.lastIndexOf(":", end - 1)) {
    const path = name.slice(0, end);
    if ((await stat(path).catch(() => undefined)) !== undefined) return path;
  }
  return undefined;
}

async function search(
  name: string,
  options: OpenOptions,
  stores: readonly Store[],
  failures: UserError[],
): Promise<OpenedImage | undefined> {
  if (isPath(name)) return undefined;
  for (const store of stores.filter(({ scheme }) => searched.includes(scheme)).sort(bySearch)) {
    try {
      return await openIn(store, name, options);
    } catch (error) {
      if (!(error instanceof UserError) || isHeld(error)) throw error;
      failures.push(error);
    }
  }
  return undefined;
}

function bySearch(one: Store, other: Store): number {
  return searched.indexOf(one.scheme) - searched.indexOf(other.scheme);
}

/** Whether it is only a path: an image's name has no `./` or `/` before it. */
function isPath(name: string): boolean {
  return /^(?:\.{0,2}\/|~)/.test(name);
}

/** Whether an engine has the image and could not give it: an image of the same name elsewhere may be another one. */
function isHeld(error: UserError): boolean {
  return error.code === "no-space" || error.code === "save-failed";
}
