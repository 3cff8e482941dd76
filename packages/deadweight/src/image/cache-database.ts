import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Remembers bytes between runs, by keys. */
export interface CacheDatabase {
  /** What `decode` makes of the bytes of a key; undefined when they are not there or can't be read. */
  readonly get: <T>(key: string, decode: (value: Uint8Array) => T) => T | undefined;
  readonly put: (key: string, encode: () => Uint8Array) => void;
  readonly close: () => void;
}

export interface CacheOptions {
  readonly folder: string;
  /** Names what makes the values: another version finds nothing of this one's. */
  readonly version: string;
  /** Bytes of all values; the longest unused go first. */
  readonly mostBytes: number;
  readonly now: () => number;
  /** Told once when the cache can't be used: the analysis goes on without. */
  readonly onProblem: (message: string) => void;
}

/**
 * A cache in one SQLite file, safe for several processes at once. It is only ever a help: whatever goes wrong with it is told
 * once, and a file that is no database is moved aside.
 */
export function openCacheDatabase(options: CacheOptions): CacheDatabase {
  let database: DatabaseSync | undefined;
  let isTold = false;
  const close = (): void => {
    database?.close();
    database = undefined;
  };
  const attempt = <T>(what: string, action: (open: DatabaseSync) => T): T | undefined => {
    try {
      database ??= openDatabase(options.folder);
      return action(database);
    } catch (error) {
      close();
      if (isBroken(error)) moveAside(options.folder);
      if (!isTold)
        options.onProblem(`cache: ${what}: ${error instanceof Error ? error.message : String(error)}; going on without it`);
      isTold = true;
      return undefined;
    }
  };
  const keyOf = (key: string): string => `${options.version} ${key}`;
  return {
    get: (key, decode) =>
      attempt("reading", (open) => {
        const row = open.prepare("SELECT value FROM layers WHERE key = ?").get(keyOf(key));
        if (row === undefined) return undefined;
        open.prepare("UPDATE layers SET used = ? WHERE key = ?").run(options.now(), keyOf(key));
        return decode(row["value"] as Uint8Array);
      }),
    put: (key, encode) => {
      attempt("writing", (open) => {
        const value = encode();
        if (value.length > options.mostBytes) return;
        open
          .prepare("INSERT OR REPLACE INTO layers (key, value, bytes, used) VALUES (?, ?, ?, ?)")
          .run(keyOf(key), value, value.length, options.now());
        evict(open, options.mostBytes);
      });
    },
    close,
  };
}

function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    return prepared(pathIn(folder));
  } catch (error) {
    if (!isBroken(error)) throw error;
    moveAside(folder);
    return prepared(pathIn(folder));
  }
}

function pathIn(folder: string): string {
  return join(folder, "layers.sqlite");
}

/** SQLITE_NOTADB and SQLITE_CORRUPT. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (error.errcode === 26 || error.errcode === 11);
}

/** Kept for whoever wants to look, out of the way; what SQLite had beside it must not be taken for the next one's. */
function moveAside(folder: string): void {
  const path = pathIn(folder);
  if (existsSync(path)) renameSync(path, `${path}.broken`);
  for (const ending of ["-wal", "-shm"]) rmSync(path + ending, { force: true });
}

function prepared(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    database.exec(
      "CREATE TABLE IF NOT EXISTS layers (key TEXT PRIMARY KEY, value BLOB NOT NULL, bytes INTEGER NOT NULL, used INTEGER NOT NULL)",
    );
    database.exec("CREATE INDEX IF NOT EXISTS layers_used ON layers (used)");
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Removes the longest unused layers beyond `mostBytes`. */
function evict(database: DatabaseSync, mostBytes: number): void {
  const totals = "SELECT key, SUM(bytes) OVER (ORDER BY used DESC, key) AS total FROM layers";
  database.prepare(`DELETE FROM layers WHERE key IN (SELECT key FROM (${totals}) WHERE total > ?)`).run(mostBytes);
}
