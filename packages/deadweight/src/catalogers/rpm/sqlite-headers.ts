// Layout: rpm's lib/backend/sqlite.c: `rpmdb.sqlite` has a table `Packages` with the columns `hnum` and `blob`, the header.
// rpm sets WAL mode, so that what an image shows may lie in `rpmdb.sqlite-wal` alone.
import { UserError } from "../../lib/user-error.ts";
import { openSqlitePages, type SqlitePages } from "./sqlite-pages.ts";
import { readSqliteTable } from "./sqlite-table.ts";

/**
 * The header blobs of an SQLite package database with its write-ahead log. One that can't be read is told to `report`. Throws
 * UserError `unreadable` when it is no such database.
 */
export function* parseSqliteHeaders(
  file: Uint8Array,
  log: Uint8Array | undefined,
  report: (message: string) => void,
): Generator<Uint8Array> {
  const pages = openSqlitePages(file, log);
  for (const row of readSqliteTable(pages, packagesRoot(pages, report), report)) {
    const blob = row[1];
    if (blob instanceof Uint8Array) yield blob;
    else report("cannot read a row: no header in it");
  }
}

/** The root page of the table `Packages`, from the schema on page 1: type, name, table's name, root page, SQL. */
function packagesRoot(pages: SqlitePages, report: (message: string) => void): number {
  for (const [type, name, , root] of readSqliteTable(pages, 1, report)) {
    if (String(type) === "table" && String(name) === "Packages" && typeof root === "number" && root > 0) return root;
  }
  throw new UserError("unreadable", "cannot read an rpm database: no table Packages");
}
