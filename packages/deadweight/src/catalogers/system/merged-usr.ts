import type { ByteString } from "../../lib/byte-string.ts";

const merged = /^(?:bin|sbin|lib|lib32|lib64|libo32|libx32)\//;

/**
 * The names under which an image may store a path: where `/bin`, `/sbin` and `/lib*` are links into `/usr`, a database still
 * says `bin/ls` for what lies at `usr/bin/ls`.
 */
export function spellingsOf(path: ByteString): readonly ByteString[] {
  return merged.test(path) ? [path, `usr/${path}`] : [path];
}
