const mostImports = 2000;
const longestList = 10_000;

// At the margin each line counts, since it ends what was before; further in imports and functions alone.
const lines =
  /^[ \t]+(?:(from|import)[ \t]+([^\n]*)|(?:async[ \t]+)?(def)\b)|^(?:(from|import)[ \t]+([^\n]*)|([\w@]+)([^\n]*))/gm;

/**
 * What a Python module imports, by its text: `!os.path` at the margin, `?` in a block that may not be gone through, `~` in a function.
 * Of `from a import b` both `a` and `a.b`, as `b` may be a module. What stands below `if TYPE_CHECKING` is left out.
 */
export function pythonImports(text: string): readonly string[] {
  const found = new Set<string>();
  let inside = "?";
  for (const match of text.matchAll(lines)) {
    const [whole, inner, innerRest, nested, outer, outerRest, word, rest] = match;
    if (nested !== undefined) inside = "~";
    else if (word !== undefined) inside = insideOf(word, rest ?? "");
    else {
      const mark = outer === undefined ? inside : "!";
      const names = inner === "from" || outer === "from" ? fromNames : importNames;
      const after = text.slice(match.index + whole.length, match.index + whole.length + longestList);
      if (mark !== "") for (const name of names(innerRest ?? outerRest ?? "", after)) found.add(mark + name);
    }
    if (found.size > mostImports) break;
  }
  return [...found];
}

/** How imports count in the block that a line at the margin begins. */
function insideOf(word: string, rest: string): string {
  if (word === "def" || word === "async") return "~";
  return word === "if" && /\bTYPE_CHECKING\b/.test(rest) && !/\bnot\b/.test(rest) ? "" : "?";
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
