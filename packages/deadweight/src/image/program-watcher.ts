import { dynamicWindows, parseElfDynamic } from "../binary/elf-dynamic.ts";
import { byteStringOf, type ByteString } from "../lib/byte-string.ts";
import type { ElfNeeds, LayerPrograms } from "../model/layer-programs.ts";
import { constantsOf } from "./program-watcher/constants.ts";
import { certificateHashes } from "./program-watcher/certificate-hashes.ts";
import { keptWindows, type KeptWindows } from "./program-watcher/kept-windows.ts";
import { packageEntries, quotedFiles, requiredModules, settingPaths } from "./program-watcher/named-files.ts";
import { pythonImports } from "./program-watcher/python-imports.ts";
import { scriptWords } from "./program-watcher/script-words.ts";

/** Program headers follow the ELF header in all files seen. */
const headBytes = 4096;
/** Longer texts are no programs that a person wrote. */
const mostTextBytes = 1024 * 1024;
/** Linux takes 256 bytes of the first line, with `#!`: BINPRM_BUF_SIZE. */
const mostLineBytes = 254;
/** Texts that are looked into: programs, certificates, and settings. */
const textFile = /\.(?:py|[cm]?js|pem|crt)$|^etc\/|(?:^|\/)package\.json$|\.(?:conf|cfg|ini|toml|ya?ml)$/;
/** Where the loader is told of folders: ld.so(8), ldconfig(8), and musl's ld-musl-x86_64.path. */
const loaderSettings = /^etc\/(?:ld\.so\.conf|ld\.so\.conf\.d\/[^/]+\.conf|ld-musl-[^/]+\.path)$/;
/** Bytes of all that is kept of one layer. */
const mostBytes = 256 * 1024 * 1024;

type Kind = "unknown" | "elf" | "text" | "nothing";

/** Learns while the files of a layer go by what each asks of others: libraries and symbols, interpreters, imports, words. */
export class ProgramWatcher {
  readonly #elf = new Map<number, ElfNeeds>();
  readonly #shebangs = new Map<number, ByteString>();
  readonly #mentions = new Map<number, readonly ByteString[]>();
  readonly #certificates = new Map<number, Uint32Array>();
  #keptBytes = 0;
  #isCut = false;
  #entry = 0;
  #path = "";
  #size = 0;
  #offset = 0;
  #kind: Kind = "nothing";
  #head = Buffer.alloc(0);
  #windows: KeptWindows | undefined;
  #pieces: Uint8Array[] = [];

  /** Begins a file. */
  begin(entry: number, path: ByteString, size: number): void {
    this.#entry = entry;
    this.#path = path;
    this.#size = size;
    this.#offset = 0;
    this.#kind = size < 4 ? "nothing" : "unknown";
    this.#head = Buffer.alloc(0);
    this.#windows = undefined;
    this.#pieces = [];
  }

  write(piece: Uint8Array): void {
    if (this.#kind === "nothing") return;
    if (this.#kind === "unknown") this.#kind = this.#kindOf(piece);
    if (this.#kind === "elf") this.#keepElf(piece);
    // What is kept must outlive the piece, whose memory is used again.
    else if (this.#kind === "text") this.#pieces.push(Buffer.from(piece));
    this.#offset += piece.length;
  }

  end(): void {
    if (this.#kind === "elf") this.#endElf();
    else if (this.#kind === "text") this.#endText(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#windows = undefined;
  }

  finish(): LayerPrograms {
    return {
      elf: this.#elf,
      shebangs: this.#shebangs,
      mentions: this.#mentions,
      certificates: this.#certificates,
      isCut: this.#isCut,
    };
  }

  #kindOf(piece: Uint8Array): Kind {
    if (piece[0] === 0x7f) return "elf";
    if (this.#size > mostTextBytes) return "nothing";
    if (loaderSettings.test(this.#path)) return "text";
    const isScript = piece[0] === 0x23 && piece[1] === 0x21;
    return isScript || textFile.test(this.#path) ? "text" : "nothing";
  }

  #keepElf(piece: Uint8Array): void {
    if (this.#windows === undefined) {
      this.#head = Buffer.concat([this.#head, piece.subarray(0, headBytes - this.#head.length)]);
      if (this.#head.length < Math.min(headBytes, this.#size)) return;
      const windows = dynamicWindows(this.#head, this.#size);
      if (windows === undefined) {
        this.#kind = "nothing";
        return;
      }
      this.#windows = keptWindows(windows);
      this.#windows.keep(this.#head, 0);
    }
    this.#windows.keep(piece, this.#offset);
  }

  #endElf(): void {
    const windows = this.#windows;
    const found = windows === undefined ? undefined : parseElfDynamic(this.#head, windows.read);
    if (found === undefined || windows === undefined) return;
    if (!this.#hasRoom(4 * (found.defined.length + found.undefined.length) + 500)) return;
    this.#elf.set(this.#entry, found);
    this.#mention(constantsOf(windows.bytes, new Set([...found.needed, found.soname ?? ""])));
  }

  #endText(text: Buffer): void {
    // No text.
    if (text.includes(0)) return;
    if (/\.(?:pem|crt)$/.test(this.#path)) {
      const hashes = certificateHashes(text);
      if (hashes.length > 0 && this.#hasRoom(4 * hashes.length)) this.#certificates.set(this.#entry, hashes);
      return;
    }
    if (loaderSettings.test(this.#path))
      return this.#mention(
        text
          .toString("latin1")
          .split(/[\n:]/)
          .map((line) => line.trim()),
      );
    const line = text[0] === 0x23 && text[1] === 0x21 ? firstLine(text) : undefined;
    if (line !== undefined && this.#hasRoom(line.length)) this.#shebangs.set(this.#entry, line);
    this.#mention(namesIn(this.#path, line ?? "", text.toString("latin1")));
  }

  #mention(names: readonly ByteString[]): void {
    const bytes = names.reduce((sum, name) => sum + name.length + 16, 0);
    if (names.length > 0 && this.#hasRoom(bytes)) this.#mentions.set(this.#entry, names);
  }

  #hasRoom(bytes: number): boolean {
    if (this.#keptBytes + bytes > mostBytes) this.#isCut = true;
    else this.#keptBytes += bytes;
    return !this.#isCut;
  }
}

function firstLine(text: Buffer): ByteString {
  const end = text.indexOf(0x0a);
  return byteStringOf(text, 2, Math.min(end < 0 ? text.length : end, 2 + mostLineBytes)).trim();
}

/** What a text names, by its kind. */
function namesIn(path: ByteString, shebang: ByteString, text: string): readonly ByteString[] {
  if (path.endsWith(".py") || /python/.test(shebang)) return [...pythonImports(text), ...quotedFiles(text)];
  if (/\.[cm]?js$/.test(path) || /\bnode\b/.test(shebang)) return [...requiredModules(text), ...quotedFiles(text)];
  if (path.endsWith("/package.json")) return packageEntries(text);
  return /\b(?:ba|da|a|k|z)?sh\b/.test(shebang) ? scriptWords(text) : settingPaths(text);
}
