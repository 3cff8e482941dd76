// Layout: conda's conda/models/records.py, PrefixRecord: JSON with `name`, `version`, `depends` as words that begin with a
// package's name, and `files` relative to the prefix; `paths_data.paths` has the same as `_path` with `size_in_bytes`.
import { byteStringFromText, type ByteString } from "../../lib/byte-string.ts";
import { asSize } from "../../lib/integer.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";

/** A package that conda has linked into an environment. */
export interface PrefixRecord {
  readonly name: string;
  readonly version: string | undefined;
  /** Names of packages; virtual ones such as `__glibc` are left out. */
  readonly depends: readonly string[];
  /** Relative to the prefix. */
  readonly files: readonly ByteString[];
  readonly declaredBytes: number | undefined;
}

/** Parses a file of `conda-meta`. Throws UserError `unreadable` when it is no JSON object with a name. */
export function parsePrefixRecord(bytes: Uint8Array): PrefixRecord {
  const record = asRecord(parseJson(bytes, "cannot read a conda record"));
  const name = record?.["name"];
  if (record === undefined || typeof name !== "string" || name === "") {
    throw new UserError("unreadable", "cannot read a conda record: no name");
  }
  const version = record["version"];
  const linked = listOf(asRecord(record["paths_data"])?.["paths"]).map(asRecord);
  const files = textsOf(record["files"]);
  const sizes = linked.map((path) => asSize(path?.["size_in_bytes"]) ?? 0);
  return {
    name,
    version: typeof version === "string" ? version : undefined,
    depends: textsOf(record["depends"]).flatMap(packageNameOf),
    files: (files.length > 0 ? files : textsOf(linked.map((path) => path?.["_path"]))).map(byteStringFromText),
    declaredBytes: sizes.length > 0 ? asSize(sizes.reduce((sum, size) => sum + size, 0)) : undefined,
  };
}

/** `conda-forge::numpy >=1.20,<2` and `numpy[version='>=1']` as `numpy`: conda's MatchSpec. */
function packageNameOf(specification: string): string[] {
  const name = /^(?:[^\s[]*::)?([^\s[=<>!~]+)/.exec(specification)?.[1] ?? "";
  return name === "" || name.startsWith("__") ? [] : [name.toLowerCase()];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === "string");
}
