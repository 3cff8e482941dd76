import type { Want } from "../contracts/cataloger.ts";
import type { ByteString } from "../lib/byte-string.ts";

/** Answers for a path how many of its first bytes to keep: undefined for none, Infinity for all. */
export type WantedFiles = (path: ByteString) => number | undefined;

/** One look-up for many patterns: by base name and by ending first, so that most files cost two map look-ups. */
export function wantedFiles(patterns: readonly Want[]): WantedFiles {
  const byName = new Map<string, Want[]>();
  const byLastCharacter = new Map<string, [string, Want][]>();
  const byPath: Want[] = [];
  for (const pattern of patterns) {
    for (const name of pattern.names ?? []) addTo(byName, name, pattern);
    for (const ending of pattern.endings ?? []) addTo(byLastCharacter, ending.slice(-1), [ending, pattern] as [string, Want]);
    if (pattern.names === undefined && pattern.endings === undefined) byPath.push(pattern);
  }
  return (path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    let most: number | undefined;
    const consider = (pattern: Want): void => {
      if (pattern.path !== undefined && !pattern.path.test(path)) return;
      most = Math.max(most ?? 0, pattern.head ?? Infinity);
    };
    for (const pattern of byName.get(name) ?? []) consider(pattern);
    for (const [ending, pattern] of byLastCharacter.get(name.slice(-1)) ?? []) if (name.endsWith(ending)) consider(pattern);
    for (const pattern of byPath) consider(pattern);
    return most;
  };
}

function addTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
