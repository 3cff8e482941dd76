import type { ShellWord } from "./shell-script.ts";

/** A command's words with what only says how it is started taken off. */
export interface PeeledWords {
  readonly words: readonly ShellWord[];
  readonly wrappers: readonly ShellWord[];
  readonly assignments: readonly ShellWord[];
}

interface Wrapper {
  /** Options that take the next word. */
  readonly valued: readonly string[];
  /** Words of its own before the program that it starts. */
  readonly operands?: number;
  readonly verb?: string;
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  sudo: { valued: ["-u", "--user", "-g", "--group", "-h", "-p", "-C"] },
  env: { valued: ["-u", "--unset", "-C", "--chdir"] },
  time: { valued: ["-f", "-o"] },
  nice: { valued: ["-n", "--adjustment"] },
  ionice: { valued: ["-c", "-n", "-p"] },
  eatmydata: { valued: [] },
  nohup: { valued: [] },
  command: { valued: [] },
  stdbuf: { valued: ["-i", "-o", "-e"] },
  timeout: { valued: ["-s", "-k"], operands: 1 },
  conda: { valued: ["-n", "--name", "-p", "--prefix"], verb: "run" },
  mamba: { valued: ["-n", "--name", "-p", "--prefix"], verb: "run" },
  micromamba: { valued: ["-n", "--name", "-p", "--prefix"], verb: "run" },
};

/** Takes off `sudo`, `env X=y`, `time`, `nice`, `conda run` and others, one within another, and `python -m` before pip and its like. */
export function peelWrappers(all: readonly ShellWord[]): PeeledWords {
  let rest = all;
  const assignments: ShellWord[] = [];
  for (;;) {
    const count = wrapperLength(rest);
    if (count === 0) break;
    assignments.push(...rest.slice(1, count).filter(isAssignment));
    rest = rest.slice(count);
  }
  return { words: rest, wrappers: all.slice(0, all.length - rest.length), assignments };
}

function wrapperLength(words: readonly ShellWord[]): number {
  const program = words[0]?.value?.replace(/^.*\//, "") ?? "";
  if (/^python[\d.]*$/.test(program)) return moduleLength(words);
  const wrapper = Object.hasOwn(wrappers, program) ? wrappers[program] : undefined;
  if (wrapper === undefined) return 0;
  let at = 1;
  if (wrapper.verb !== undefined && words[at++]?.value !== wrapper.verb) return 0;
  for (; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) return 0;
    if (isAssignment(word)) continue;
    if (word.value === undefined) return 0;
    if (wrapper.valued.includes(word.value)) at += 1;
    else if (!word.value.startsWith("-")) break;
  }
  at += wrapper.operands ?? 0;
  return at < words.length ? at : 0;
}

/** `python3 -u -m pip`. */
function moduleLength(words: readonly ShellWord[]): number {
  const at = words.findIndex((word, index) => index > 0 && !/^-[uIsEBO]+$/.test(word.value ?? ""));
  return words[at]?.value === "-m" && words[at + 1]?.value === "pip" ? at + 1 : 0;
}

function isAssignment({ text }: ShellWord): boolean {
  return /^[A-Za-z_]\w*=/.test(text);
}
