import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { CapturedFile, LayerIndex } from "../model/layer-index.ts";
import { fromPlain, toPlain, type PlainLayerIndex } from "./layer-index-codec.ts";

/** Remembers what layers hold, so that an image which shares layers with an earlier one is read only where it differs. */
export interface LayerCache {
  /** The index of a layer; undefined when it is not there or can't be read. */
  readonly get: (key: string, spoolFolder: string) => LayerIndex | undefined;
  readonly put: (key: string, index: LayerIndex) => void;
  readonly close: () => void;
}

export interface LayerCacheOptions {
  readonly folder: string;
  /** Names what reads layers: another version finds nothing of this one's. */
  readonly version: string;
  /** Bytes of all entries; the longest unused go first. */
  readonly mostBytes: number;
  readonly now: () => number;
  /** Told once when the cache can't be used: the analysis goes on without. */
  readonly onProblem: (message: string) => void;
}

/** Wanted files of more bytes than this in one layer are not worth keeping twice. */
const mostCapturedBytes = 256 * 1024 * 1024;
/** Larger ones go back to a file when they are read. */
const inMemoryBytes = 1024 * 1024;

/**
 * A cache in one SQLite file, safe for several processes at once. It is only ever a help: whatever goes wrong with it is told
 * once, and a file that is no database is moved aside.
 */
export function openLayerCache(options: LayerCacheOptions): LayerCache {
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
    get: (key, spoolFolder) =>
      attempt("reading", (open) => {
        const row = open.prepare("SELECT value FROM layers WHERE key = ?").get(keyOf(key));
        if (row === undefined) return undefined;
        open.prepare("UPDATE layers SET used = ? WHERE key = ?").run(options.now(), keyOf(key));
        return decode(row["value"] as Uint8Array, spoolFolder);
      }),
    put: (key, index) => {
      if (capturedBytes(index) > mostCapturedBytes) return;
      attempt("writing", (open) => {
        const value = encode(index);
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

function capturedBytes(index: LayerIndex): number {
  return index.captures.reduce(
    (total, { bytes, spooled }) => total + (bytes?.length ?? (spooled === undefined ? 0 : statSync(spooled).size)),
    0,
  );
}

function encode(index: LayerIndex): Uint8Array {
  const captures = index.captures.map((capture): CapturedFile => {
    return { entry: capture.entry, bytes: capture.bytes ?? readFileSync(capture.spooled ?? "") };
  });
  const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
  return zstdCompressSync(serialize({ ...toPlain(index), captures }), { params });
}

function decode(value: Uint8Array, spoolFolder: string): LayerIndex {
  const plain = deserialize(zstdDecompressSync(value)) as PlainLayerIndex;
  const captures = plain.captures.map((capture): CapturedFile => {
    if (capture.bytes === undefined || capture.bytes.length <= inMemoryBytes) return capture;
    const spooled = join(spoolFolder, randomUUID());
    writeFileSync(spooled, capture.bytes, { mode: 0o600, flag: "wx" });
    return { entry: capture.entry, spooled };
  });
  return { ...fromPlain(plain), captures };
}
