import { defaultLimits } from "../../archive/limits.ts";
import type { Catalog, Package, WantedFile } from "../../contracts/cataloger.ts";
import { textOf, type ByteString } from "../../lib/byte-string.ts";
import { UserError } from "../../lib/user-error.ts";

const mostProblems = 50;
const mostMessageLength = 500;
const mostPathBytes = 256 * 1024 * 1024;
const tooManyPaths = `cannot list all files of its packages: more than ${defaultLimits.entriesPerLayer} paths or ${mostPathBytes} bytes`;

/** Linux takes no longer path, in bytes: PATH_MAX. */
export const longestPath = 4096;

/** Far more packages than an installation has: all of Debian and all of Fedora are 70,000 each. */
export const mostPackages = 200_000;

/** A catalog in the making: what is wrong with the input becomes problems, and what it lists is bounded. */
export class CatalogDraft {
  readonly #packages: Package[] = [];
  readonly #problems: NonNullable<Catalog["problems"]>[number][] = [];
  #unreported = 0;
  #pathsLeft = defaultLimits.entriesPerLayer;
  #pathBytesLeft = mostPathBytes;
  #isFull = false;

  add(found: Package): void {
    this.#packages.push(found);
  }

  /** Notes what is wrong with a file; only the first fifty are kept, with a count of the rest. */
  report(file: WantedFile, message: string): void {
    if (this.#problems.length >= mostProblems) this.#unreported++;
    else this.#problems.push({ path: file.path, layer: file.layer, message: message.slice(0, mostMessageLength) });
  }

  /** What `parse` makes of a file's bytes; undefined, with a problem, when it can't be had or is no good. */
  read<T>(file: WantedFile, mostBytes: number, parse: (bytes: Uint8Array) => T): T | undefined {
    return this.attempt(file, () => {
      if (file.size > mostBytes) throw tooLarge(file, mostBytes);
      const bytes = file.bytes();
      if (bytes.length < file.size) throw tooLarge(file, bytes.length);
      return parse(bytes);
    });
  }

  /** The result of `work` on a file; undefined, with a problem, when it throws a UserError. */
  attempt<T>(file: WantedFile, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.report(file, error.message);
      return undefined;
    }
  }

  /** The paths that can be, as far as the budget for all packages goes. A problem says when some can't, or it ends. */
  within(file: WantedFile, paths: Iterable<ByteString>): readonly ByteString[] {
    const kept: ByteString[] = [];
    let tooLong = 0;
    for (const path of paths) {
      if (path.length > longestPath) {
        tooLong++;
        continue;
      }
      if (this.#pathsLeft <= 0 || this.#pathBytesLeft < path.length) {
        if (!this.#isFull) this.report(file, tooManyPaths);
        this.#isFull = true;
        break;
      }
      this.#pathsLeft--;
      this.#pathBytesLeft -= path.length;
      kept.push(path);
    }
    if (tooLong > 0) this.report(file, `cannot tell ${tooLong} files: their paths are longer than ${longestPath} bytes`);
    return kept;
  }

  finish(): Catalog {
    const last = this.#problems.at(-1);
    if (last !== undefined && this.#unreported > 0) {
      this.#problems.push({ ...last, message: `${this.#unreported} more problems of this kind of database` });
    }
    return { packages: this.#packages, problems: this.#problems };
  }
}

function tooLarge(file: WantedFile, mostBytes: number): UserError {
  return new UserError("too-large", `cannot read ${textOf(file.path)}: ${file.size} bytes, more than ${mostBytes}`);
}
