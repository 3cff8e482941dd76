import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileError } from "../../lib/file-error.ts";
import { UserError } from "../../lib/user-error.ts";

/** A Dockerfile as its bytes are. */
export interface DockerfileText {
  /** Absolute, links followed. */
  readonly path: string;
  readonly text: string;
  /** Of its bytes, in hexadecimal digits. */
  readonly sha256: string;
}

const mostBytes = 4 * 1024 * 1024;

/** Reads a Dockerfile whose text gives its bytes again. Throws UserError. */
export async function readDockerfile(path: string): Promise<DockerfileText> {
  const what = `could not read ${path}`;
  try {
    const real = await realpath(path);
    const { size } = await stat(real);
    if (size > mostBytes) throw new UserError("too-large", `${what}: ${size} bytes, a Dockerfile has at most ${mostBytes}`);
    const bytes = await readFile(real);
    return { path: real, text: decoded(bytes, what), sha256: sha256Of(bytes) };
  } catch (error) {
    throw fileError(error, what);
  }
}

/** The sha256 of a text's UTF-8 bytes, in hexadecimal digits. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function decoded(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UserError("unreadable", `${what}: is no UTF-8 text`, { cause: error });
  }
}

/** What a build works on. */
export interface BuildFiles {
  readonly context: string;
  readonly dockerfile: DockerfileText;
  /** Where the Dockerfile is in the context, with `/`; absent for one from elsewhere. */
  readonly inContext?: string;
  /** Where records are kept. */
  readonly stateFolder: string;
  /** Where the state folder is in the context: nothing of it is sent. */
  readonly stateInContext?: string;
}

/** Finds the context and the Dockerfile: `Dockerfile` of the context unless one is named. Throws UserError. */
export async function findBuildFiles(
  context: string,
  file: string | undefined,
  stateParent: string | undefined,
): Promise<BuildFiles> {
  const folder = await realpath(context).catch((error: unknown) => {
    throw fileError(error, `build context ${context}`);
  });
  const dockerfile = await readDockerfile(file ?? join(context, "Dockerfile"));
  const named = file === undefined ? join(folder, "Dockerfile") : await lexical(file);
  const stateFolder = stateFolderOf(stateParent ?? dirname(dockerfile.path));
  const [inContext, stateInContext] = [within(folder, named), within(folder, stateFolder)];
  return {
    context: folder,
    dockerfile,
    stateFolder,
    ...(inContext === undefined ? {} : { inContext }),
    ...(stateInContext === undefined ? {} : { stateInContext }),
  };
}

/** Where what concerns Dockerfiles of a folder is kept. */
export function stateFolderOf(folder: string): string {
  return join(resolve(folder), ".deadweight");
}

/** A path whose folder is real and whose own name may be a link: the name under which a builder finds it. */
async function lexical(path: string): Promise<string> {
  return join(await realpath(dirname(resolve(path))), basename(path));
}

function within(folder: string, path: string): string | undefined {
  const inner = relative(folder, path);
  return inner === "" || inner.startsWith("..") || inner.startsWith(sep) ? undefined : inner.split(sep).join("/");
}
