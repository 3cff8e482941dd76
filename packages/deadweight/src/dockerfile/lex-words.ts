import type { Dockerfile } from "../model/dockerfile.ts";
import { replacePattern, trimPattern } from "./match-pattern.ts";
import { isSpace } from "./white-space.ts";

/** How words are read. */
export interface WordReading {
  readonly escape: Dockerfile["escape"];
  /** The value of a variable; undefined when it is not set. */
  readonly valueOf: (name: string) => string | undefined;
  /** Keeps quotes in the result. */
  readonly keepQuotes?: boolean;
  /** Keeps escape characters in the result. */
  readonly keepEscapes?: boolean;
  /** Keeps `$name` as written where the variable is not set. */
  readonly keepUnset?: boolean;
}

/** A text with its variables replaced, and the words in it. */
export interface ReadWords {
  readonly text: string;
  readonly words: readonly string[];
}

/** What a text can't be read for: an open quote, a substitution that is not known. */
export class WordError extends Error {}

/**
 * Reads a text as BuildKit does before it acts on an instruction: quotes, escapes, `$name`, `${name}` with `:-`, `:+`, `:?`, `#`, `%` and
 * `/`. Words part at white space, after variables are replaced. Throws WordError.
 */
export function lexWords(text: string, reading: WordReading): ReadWords {
  return new WordLexer(text, reading).readTo("", reading.keepEscapes === true, false);
}

/** How deep substitutions may stand in each other; a shell script of BuildKit's tests has three. */
const deepest = 100;

class WordLexer {
  readonly #text: string;
  readonly #reading: WordReading;
  #at = 0;
  #depth = 0;

  constructor(text: string, reading: WordReading) {
    this.#text = text;
    this.#reading = reading;
  }

  /** Reads up to the character `stop`, or to the end when it is empty. `isPattern` doubles escapes within quotes: the pattern is read again. */
  readTo(stop: string, keepEscapes: boolean, isPattern: boolean): ReadWords {
    this.#depth += 1;
    if (this.#depth > deepest) throw new WordError("substitutions stand too deep in each other");
    const words = new WordList();
    const parts: string[] = [];
    for (let next = this.#peek(); next !== ""; next = this.#peek()) {
      if (next === stop) {
        this.#at += 1;
        this.#depth -= 1;
        return { text: parts.join(""), words: words.done() };
      }
      parts.push(this.#readPiece(next, words, keepEscapes, isPattern));
    }
    if (stop !== "") throw new WordError(`"${stop}" is missing`);
    this.#depth -= 1;
    return { text: parts.join(""), words: words.done() };
  }

  #readPiece(next: string, words: WordList, keepEscapes: boolean, isPattern: boolean): string {
    if (next === "$") {
      const value = this.#substitution();
      for (const character of value) words.add(character);
      return value;
    }
    const raw = this.#rawPiece(next, keepEscapes, isPattern);
    if (raw !== undefined) {
      words.addRaw(raw);
      return raw;
    }
    this.#at += 1;
    words.add(next);
    return next;
  }

  /** A piece that white space in it does not part; undefined for a character as any other. */
  #rawPiece(next: string, keepEscapes: boolean, isPattern: boolean): string | undefined {
    if (next === "'") return this.#singleQuoted(isPattern);
    if (next === '"') return this.#doubleQuoted(keepEscapes, isPattern);
    if (next === "<") return this.#heredocStart();
    if (next !== this.#reading.escape) return undefined;
    const escaped = this.#text.slice(this.#at, this.#at + 2);
    this.#at += 2;
    return keepEscapes ? escaped : escaped.slice(1);
  }

  #singleQuoted(isPattern: boolean): string {
    const close = this.#text.indexOf("'", this.#at + 1);
    if (close === -1) throw new WordError("a single quote is open");
    const inside = this.#text.slice(this.#at + 1, close);
    this.#at = close + 1;
    const value = isPattern ? inside.replaceAll(this.#reading.escape, this.#reading.escape.repeat(2)) : inside;
    return this.#reading.keepQuotes ? `'${value}'` : value;
  }

  #doubleQuoted(keepEscapes: boolean, isPattern: boolean): string {
    const parts: string[] = [];
    this.#at += 1;
    for (let next = this.#peek(); next !== '"'; next = this.#peek()) {
      if (next === "") throw new WordError("a double quote is open");
      if (next === "$") parts.push(this.#substitution());
      else if (next === this.#reading.escape) parts.push(this.#escapedInQuotes(keepEscapes, isPattern));
      else {
        this.#at += 1;
        parts.push(next);
      }
    }
    this.#at += 1;
    const value = parts.join("");
    return this.#reading.keepQuotes ? `"${value}"` : value;
  }

  /** Within double quotes only a quote, a dollar sign and the escape character itself can be escaped. */
  #escapedInQuotes(keepEscapes: boolean, isPattern: boolean): string {
    const { escape, keepQuotes } = this.#reading;
    this.#at += 1;
    const next = this.#peek();
    if (next === "") return "";
    if (next === '"' || next === "$" || next === escape) {
      this.#at += 1;
      return keepEscapes ? escape + next : next;
    }
    return keepEscapes && (!keepQuotes || isPattern) ? escape.repeat(2) : escape;
  }

  /** `<<` keeps the white space after it: a heredoc's name may stand apart. */
  #heredocStart(): string {
    if (!this.#text.startsWith("<<", this.#at)) {
      this.#at += 1;
      return "<";
    }
    const [start = "<<"] = /^<<[\t\r ]*/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += start.length;
    return start;
  }

  #substitution(): string {
    this.#at += 1;
    if (this.#peek() === "{") return this.#bracedSubstitution();
    const name = this.#name();
    if (name === "") return "$";
    return this.#reading.valueOf(name) ?? (this.#reading.keepUnset ? `$${name}` : "");
  }

  #bracedSubstitution(): string {
    this.#at += 1;
    if (["", "{", "}", ":"].includes(this.#peek())) throw new WordError("not a substitution that is known");
    const name = this.#name();
    const value = this.#reading.valueOf(name);
    const [operator = ""] = /^(?::.|.)?/s.exec(this.#text.slice(this.#at, this.#at + 2)) ?? [];
    this.#at += operator.length;
    if (operator === "}") return value ?? (this.#reading.keepUnset ? `\${${name}}` : "");
    if (operator === "/") return this.#replaced(name, value);
    if (!/^(?::?[-+?]|[#%])$/.test(operator)) throw new WordError(`\${${name}${operator} is not a substitution that is known`);
    const isPattern = operator === "#" || operator === "%";
    const { text: word } = this.readTo("}", isPattern, isPattern);
    if (this.#reading.keepUnset && value === undefined) return `\${${name}${operator}${word}}`;
    if (isPattern) return trimPattern(value ?? "", operator, word) ?? fail(`the pattern ${word} is not known`);
    return chosen(name, value, operator, word);
  }

  #replaced(name: string, value: string | undefined): string {
    const isAll = this.#peek() === "/";
    if (isAll) this.#at += 1;
    const pattern = this.readTo("/", true, true).text;
    const replacement = this.readTo("}", true, false).text;
    if (this.#reading.keepUnset && value === undefined) return `\${${name}/${pattern}/${replacement}}`;
    return replacePattern(value ?? "", pattern, replacement, isAll) ?? fail(`the pattern ${pattern} is not known`);
  }

  #name(): string {
    const rest = this.#text.slice(this.#at, this.#at + 1000);
    const [name = ""] = /^(?:\p{Nd}+|[@*#?\-$!]|[\p{L}\p{Nd}_]+)/u.exec(rest) ?? [];
    this.#at += name.length;
    return name;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }
}

/** Words as they come about, parted by white space that is not raw. */
class WordList {
  readonly #words: string[] = [];
  #current = "";

  add(character: string): void {
    if (!isSpace(character)) this.#current += character;
    else this.#close();
  }

  addRaw(text: string): void {
    this.#current += text;
  }

  done(): readonly string[] {
    this.#close();
    return this.#words;
  }

  #close(): void {
    if (this.#current !== "") this.#words.push(this.#current);
    this.#current = "";
  }
}

function chosen(name: string, value: string | undefined, operator: string, word: string): string {
  const isUnset = value === undefined || (operator.startsWith(":") && value === "");
  if (operator.endsWith("-")) return isUnset ? word : value;
  if (operator.endsWith("+")) return isUnset ? "" : word;
  if (!isUnset) return value;
  throw new WordError(`${name}: ${word === "" ? "is not set" : word}`);
}

function fail(reason: string): never {
  throw new WordError(reason);
}
