import type { WantedFile } from "../../contracts/cataloger.ts";
import { UserError } from "../../lib/user-error.ts";
import { mostPackages, type CatalogDraft } from "../system/catalog-draft.ts";
import { parseBerkeleyDb } from "./berkeley-db.ts";
import { parseHeader, type RpmHeader } from "./header.ts";
import { parseNdb } from "./ndb.ts";
import { parseSqliteHeaders } from "./sqlite-headers.ts";

const mostBytes = 512 * 1024 * 1024;
// A large system has two million names of files and dependencies.
const mostNames = 5_000_000;
const mostUnreadable = 1000;

/** A package database and what SQLite keeps beside it. */
export interface RpmDatabase {
  readonly file: WantedFile;
  readonly log: WantedFile | undefined;
}

/** The headers in a package database of any format that can be read; what can't be is a problem. */
export function readHeaders({ file, log }: RpmDatabase, draft: CatalogDraft): readonly RpmHeader[] {
  const headers: RpmHeader[] = [];
  let unreadable = 0;
  const report = (message: string): void => {
    draft.report(file, message);
    if (++unreadable >= mostUnreadable) throw new UserError("unreadable", `gave up: ${unreadable} parts of it can't be read`);
  };
  const logBytes = log && draft.read(log, mostBytes, (bytes) => bytes);
  draft.read(file, mostBytes, (bytes) => {
    let names = 0;
    for (const blob of parse(file, bytes, logBytes, report)) {
      const header = attempt(() => parseHeader(blob), report);
      if (header === undefined) continue;
      names += header.baseNames.length + header.directories.length + header.provides.length + header.requires.length;
      if (names > mostNames || headers.length >= mostPackages)
        throw new UserError("too-large", "gave up: more packages than any system has");
      headers.push(header);
    }
  });
  return headers;
}

function parse(
  { path }: WantedFile,
  bytes: Uint8Array,
  log: Uint8Array | undefined,
  report: (message: string) => void,
): Generator<Uint8Array> {
  if (path.endsWith("/rpmdb.sqlite")) return parseSqliteHeaders(bytes, log, report);
  return path.endsWith("/Packages.db") ? parseNdb(bytes, report) : parseBerkeleyDb(bytes, report);
}

function attempt<T>(work: () => T, report: (message: string) => void): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    report(error.message);
    return undefined;
  }
}
