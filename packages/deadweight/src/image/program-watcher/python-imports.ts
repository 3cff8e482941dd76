const mostImports = 2000;
const longestList = 10_000;

// At the margin each line counts, since it ends what was before; further in imports, functions and attempts alone.
const lines =
  /^([ \t]+)(?:(from|import)[ \t]+([^\n]*)|(?:async[ \t]+)?(def|try|except)\b([^\n]*))|^(?:(from|import)[ \t]+([^\n]*)|([\w@]+)([^\n]*))/gm;

/**
 * What a Python module imports, by its text: `!os.path` at the margin, `?` in a block that may not be gone through, `~` in a function, `^`
 * where it can do without: an attempt, with ImportError caught. Of `from a import b` both `a` and `a.b`, as `b` may be a module. What stands
 * below `if TYPE_CHECKING`, or is for another system than a container's, is left out.
 */
export function pythonImports(text: string): readonly string[] {
  const found = new Map<string, string>();
  const attempts = createAttempts(found);
  let inside = "?";
  for (const match of text.matchAll(lines)) {
    const [whole, indent = "", inner, innerRest, begin, beginRest, outer, outerRest, word, rest] = match;
    const opening = begin ?? word;
    if (opening !== undefined) {
      attempts.line(opening, indent.length, beginRest ?? rest ?? "");
      // A function in a block that is never gone through is never there.
      if (word !== undefined || (begin === "def" && inside !== "")) inside = insideOf(opening, rest ?? "");
    } else {
      const mark = outer === undefined ? inside : "!";
      const names = inner === "from" || outer === "from" ? fromNames : importNames;
      const after = text.slice(match.index + whole.length, match.index + whole.length + longestList);
      if (mark !== "") for (const name of names(innerRest ?? outerRest ?? "", after)) attempts.add(name, mark);
    }
    if (found.size > mostImports) break;
  }
  return [...found].map(([name, mark]) => mark + name);
}

interface Attempts {
  /** A line that begins a block, so far from the margin. */
  readonly line: (word: string, indent: number, rest: string) => void;
  readonly add: (name: string, mark: string) => void;
}

/** Remembers what is imported below `try` until `except` says what is caught. The strongest mark of a name stays. */
function createAttempts(found: Map<string, string>): Attempts {
  let open: { readonly indent: number; readonly imports: [name: string, mark: string][] } | undefined;
  const order = "!?~^";
  const set = (name: string, mark: string): void => {
    const known = found.get(name);
    if (known === undefined || order.indexOf(mark) < order.indexOf(known)) found.set(name, mark);
  };
  return {
    line: (word, indent, rest) => {
      if (word === "try") open = { indent, imports: [] };
      else if (open !== undefined && indent <= open.indent) {
        const isCaught = word === "except" && /^\s*:|\b(?:ImportError|ModuleNotFoundError|Exception)\b/.test(rest);
        for (const [name, mark] of open.imports) set(name, isCaught ? "^" : mark);
        open = undefined;
      }
    },
    add: (name, mark) => {
      if (open === undefined || mark === "!") set(name, mark);
      else open.imports.push([name, mark]);
    },
  };
}

/** What is false while a program runs in a container, which has Linux. */
const neverTrue =
  /\bTYPE_CHECKING\b|\bsys\.platform(?:\.startswith\(| *== *)["'](?:win|darwin|cygwin|aix|sunos|freebsd)|\bos\.name *== *["'](?:nt|ce|java)["']|\bplatform\.system\(\) *== *["'](?:Windows|Darwin|Java)["']/;

/** How imports count in the block that a line begins. */
function insideOf(word: string, rest: string): string {
  if (word === "def" || word === "async") return "~";
  const isNever = /^(?:el)?if$/.test(word) && neverTrue.test(rest) && !/\b(?:not|or|else)\b/.test(rest);
  return isNever ? "" : "?";
}

/** `a.b as c, d`. */
function importNames(rest: string): readonly string[] {
  return rest
    .replace(/[#;].*$/s, "")
    .split(",")
    .flatMap((part) => /^\s*([A-Za-z_][\w.]*)/.exec(part)?.[1] ?? []);
}

/** `a import b as c, d`, or the same in brackets over several lines. */
function fromNames(rest: string, after: string): readonly string[] {
  const [, module, list = ""] = /^(\.*[\w.]*)[ \t]+import[ \t]*(.*)$/s.exec(rest) ?? [];
  if (module === undefined || module === "") return [];
  const whole = list.startsWith("(") && !list.includes(")") ? `${list}${after.slice(0, Math.max(0, after.indexOf(")")))}` : list;
  const names = importNames(
    whole
      .replace(/#[^\n]*/g, "")
      .replace(/^\(/, "")
      .replaceAll("\n", " "),
  );
  const before = module.endsWith(".") ? module : `${module}.`;
  return [module, ...names.map((name) => before + name)];
}
