import type { ByteString } from "../../lib/byte-string.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";

const mostNames = 1000;
const quoted =
  /["'`](?:(\/[\w.+@/-]{2,250})|((?:[\w+@-][\w.+@-]*\/)*[\w+@-][\w.+@-]*\.[a-z][a-z0-9]{1,7}(?:\.\d{1,5}){0,3}))["'`]/g;
const pathWord = /(?<![\w.*/@-])\/[\w.+@*/-]{2,250}/g;

/** Absolute paths, and names of files after `=`, among the texts in quotes of a program. */
export function quotedFiles(text: string): readonly ByteString[] {
  return firstOf(text.matchAll(quoted), ([, path, name]) => path ?? `=${name ?? ""}`);
}

/** Absolute paths, patterns of them too, and base names of plug-ins after `=`, in a file of settings. Text after `#` is none. */
export function settingPaths(text: string): readonly ByteString[] {
  const said = text.replace(/^[ \t]*#.*$/gm, "");
  const plugIns = firstOf(said.matchAll(/[\w.+-]{1,100}\.so\b(?!\.)/g), ([name]) => `=${name}`);
  return [...firstOf(said.matchAll(pathWord), ([path]) => path), ...plugIns];
}

/** What `require` and `import` of a JavaScript module name, each after `!`; after `^` where an attempt catches that it is not there. */
export function requiredModules(text: string): readonly ByteString[] {
  const statement = /\b(?:require(?:\.resolve)?\(|import\(|from|import)\s*["']([^"'\n]{1,200})["']/g;
  return firstOf(text.matchAll(statement), ({ 1: name = "", index = 0 }) => {
    const isAttempt = /\btry\s*\{[^{}]*$/.test(text.slice(Math.max(0, index - 250), index));
    return `${isAttempt ? "^" : "!"}${name}`;
  });
}

const mostEntries = 100;

/** Where the modules of a package begin, each after `=`, by its package.json; `!module` when it says of which kind its modules are. */
export function packageEntries(text: string): readonly ByteString[] {
  const { main, exports, type } = fieldsOf(text);
  const conditions = asRecord(exports)?.["."] ?? exports;
  const begins = [main, ...textsWithin(conditions)].filter((name) => typeof name === "string" && !name.includes("*"));
  return [...(type === undefined ? [] : ["!module"]), ...begins.map((name) => `=${String(name)}`)];
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(parseJson(Buffer.from(text, "latin1"), "package.json")) ?? {};
  } catch {
    // What Node can't read either names nothing.
    return {};
  }
}

/** Texts of an object, and of those in it. */
function textsWithin(value: unknown): readonly string[] {
  const found: string[] = [];
  const pending = [value];
  for (let at = pending.pop(); at !== undefined && found.length < mostEntries; at = pending.pop()) {
    if (typeof at === "string") found.push(at);
    else pending.push(...Object.values(asRecord(at) ?? {}).slice(0, mostEntries));
  }
  return found;
}

function firstOf(matches: Iterable<RegExpMatchArray>, nameOf: (match: RegExpMatchArray) => ByteString): readonly ByteString[] {
  const names = new Set<ByteString>();
  for (const match of matches) {
    names.add(nameOf(match));
    if (names.size >= mostNames) break;
  }
  return [...names];
}
