import type { DigestSlot } from "../../contracts/transform.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import type { RecordKind } from "./record-kinds.ts";
import type { CutEntry } from "./shown-content.ts";

/** What becomes of the files that a record lists, by their paths from the root. */
export interface ListedChanges {
  readonly isGone: (path: ByteString) => boolean;
  readonly cutAt: (path: ByteString) => CutEntry | undefined;
}

/** A record with other rows, and where in it digests are still to come. */
export interface NewRecord {
  readonly content: ByteString;
  readonly digests: readonly DigestSlot[];
}

/**
 * A record without the rows of files that are gone, and with new sizes and room for new digests of those that change; undefined when
 * it lists none of either. All other bytes stay.
 */
export function renewRecord(
  text: ByteString,
  kind: RecordKind,
  folder: ByteString,
  { isGone, cutAt }: ListedChanges,
): NewRecord | undefined {
  const lines: ByteString[] = [];
  const digests: DigestSlot[] = [];
  let length = 0;
  let isOther = false;
  for (const line of linesOf(text)) {
    const path = kind.pathOf(line.trimEnd(), folder);
    if (isGone(path)) {
      isOther = true;
      continue;
    }
    const cut = kind.renew === undefined ? undefined : cutAt(path);
    const row = cut === undefined ? undefined : kind.renew?.(line, { size: cut.edit.size, sha256: cut.sha256 });
    if (cut !== undefined && row !== undefined && row !== "unknown") {
      const { line: _line, at, ...slot } = row;
      digests.push({ at: length + at, of: cut.entry, ...slot });
      isOther = true;
    }
    const kept = row === undefined || row === "unknown" ? line : row.line;
    lines.push(kept);
    length += kept.length;
  }
  return isOther ? { content: lines.join(""), digests } : undefined;
}

/** Lines with what ends them. */
export function* linesOf(text: ByteString): Generator<ByteString> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found + 1;
    yield text.slice(start, end);
    start = end;
  }
}
