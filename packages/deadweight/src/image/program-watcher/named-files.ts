import type { ByteString } from "../../lib/byte-string.ts";

const mostNames = 1000;
const quoted = /["'`](?:(\/[\w.+@/-]{2,250})|((?:[\w+@-][\w.+@-]*\/)*[\w+@-][\w.+@-]*\.[a-z][a-z0-9]{1,7}))["'`]/g;
const pathWord = /(?<![\w.*/@-])\/[\w.+@*/-]{2,250}/g;

/** Absolute paths, and names of files after `=`, among the texts in quotes of a program. */
export function quotedFiles(text: string): readonly ByteString[] {
  return firstOf(text.matchAll(quoted), ([, path, name]) => path ?? `=${name ?? ""}`);
}

/** Absolute paths, patterns of them too, in a file of settings. Text after `#` is none. */
export function settingPaths(text: string): readonly ByteString[] {
  return firstOf(text.replace(/^[ \t]*#.*$/gm, "").matchAll(pathWord), ([path]) => path);
}

/** What `require` and `import` of a JavaScript module name, each after `!`. */
export function requiredModules(text: string): readonly ByteString[] {
  const statement = /\b(?:require(?:\.resolve)?\(|import\(|from|import)\s*["']([^"'\n]{1,200})["']/g;
  return firstOf(text.matchAll(statement), ([, name]) => `!${name ?? ""}`);
}

/** Where the modules of a package begin, each after `=`: the texts below `main`, `exports` and `imports` that are paths. */
export function packageEntries(text: string): readonly ByteString[] {
  const main = /"(?:main|module)"\s*:\s*"([^"\n]{1,200})"/g;
  const below = /"((?:\.\/)[^"\n*]{1,200})"/g;
  return [...firstOf(text.matchAll(main), ([, name]) => `=${name ?? ""}`), ...firstOf(text.matchAll(below), ([, name]) => `=${name ?? ""}`)];
}

function firstOf(matches: Iterable<RegExpMatchArray>, nameOf: (match: RegExpMatchArray) => ByteString): readonly ByteString[] {
  const names = new Set<ByteString>();
  for (const match of matches) {
    names.add(nameOf(match));
    if (names.size >= mostNames) break;
  }
  return [...names];
}
