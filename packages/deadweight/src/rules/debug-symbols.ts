import type { Facts } from "../contracts/fact.ts";
import { defineRule, type EntryClaim, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { claimsWithin } from "../claims/claims-within.ts";
import { fileTree } from "../facts/file-tree.ts";
import { largestPaths } from "../claims/largest-paths.ts";
import { owners } from "../facts/owners.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import type { ElfSection } from "../model/layer-index.ts";

/** Symbols and debug information, which debuggers alone read. */
export const debugSymbols: Rule = defineRule({
  name: "debug-symbols",
  title: "Debug information and symbol tables",
  meaning:
    "Compilers write names of functions, lines of sources and types into programs and libraries for debuggers. Programs run " +
    "without them: the loader uses other sections (`.dynsym`, `.dynstr`). Distributions and CUDA's libraries come stripped; " +
    "what is compiled in the image does not: half the bytes of Pythons built from source were debug information.",
  measure:
    "Reads the section headers of every visible ELF file and counts the bytes of `.debug_*`, `.zdebug_*`, `.symtab`, " +
    "`.strtab`, `.gdb_index` and `.gnu.debuglto_*` sections to the byte, and whole files below `/usr/lib/debug`. Object " +
    "files and kernel modules (`.o`, `.ko`), which need their symbols, are left out.",
  risk:
    "Stack traces, profilers and debuggers show addresses for functions that are not exported. GNU strip breaks libraries " +
    "that patchelf has changed, as all repaired wheels and conda packages are: `ELF load command address/offset not properly " +
    "aligned` when they are loaded. What belongs to Python and conda packages is therefore a finding apart, to be asked for " +
    "by name, and to be tried.",
  evaluate: (facts) => {
    const stripped = strippable(facts);
    const separate = claimsWithin(facts.get(fileTree), ["usr/lib/debug", "usr/local/lib/debug"]);
    return [...own(facts, [...stripped.own, ...separate]), ...repaired(facts, stripped.repaired)];
  },
});

function own(facts: Facts, claims: readonly EntryClaim[]): RuleFinding[] {
  if (claims.length === 0) return [];
  return [
    {
      message: `debug information or symbol tables in ${countOf(claims.length, "file")}: ${paths(facts, claims)}`,
      safety: "verified",
      remedy: "strip --strip-unneeded in the RUN that builds them (cargo: strip = true, go: -ldflags=-s, cmake: install/strip)",
      claims,
    },
  ];
}

function repaired(facts: Facts, claims: readonly EntryClaim[]): RuleFinding[] {
  if (claims.length === 0) return [];
  const count = countOf(claims.length, "file of Python and conda packages", "files of Python and conda packages");
  return [
    {
      message: `debug information or symbol tables in ${count}, which strip may break: ${paths(facts, claims)}`,
      safety: "opt-in",
      remedy: "compile the package with -g0 or install one that is stripped; import every library after stripping",
      claims,
    },
  ];
}

function paths(facts: Facts, claims: readonly EntryClaim[]): string {
  return largestPaths(
    facts.get(fileTree),
    claims.map(({ entry }) => entry),
  );
}

function strippable(facts: Facts): { own: EntryClaim[]; repaired: EntryClaim[] } {
  const tree = facts.get(fileTree);
  const contents = new Set<number>();
  const claims: { own: EntryClaim[]; repaired: EntryClaim[] } = { own: [], repaired: [] };
  for (const entry of tree.all()) {
    const content = tree.contentOf(entry);
    const sections = tree.elfSections(content);
    if (sections.length === 0 || contents.has(content) || !isLinkedForRunning(tree.path(entry))) continue;
    contents.add(content);
    const ranges = rangesOf(sections, tree.size(content));
    if (ranges.length > 0) (isRepaired(facts, entry) ? claims.repaired : claims.own).push({ entry: content, ranges });
  }
  return claims;
}

/** An object file has to be linked yet, and what lies in `lib/debug` is claimed whole. */
function isLinkedForRunning(path: ByteString): boolean {
  return !/\.(?:k?o|lo|obj)$/.test(path) && !/^usr\/(?:local\/)?lib\/debug\//.test(path);
}

function isRepaired(facts: Facts, entry: number): boolean {
  const { kind } = facts.get(owners).of(entry);
  return kind === "python" || kind === "conda" || /\/(?:site|dist)-packages\//.test(facts.get(fileTree).path(entry));
}

const forDebuggers = /^(?:\.z?debug_.*|\.symtab|\.strtab|\.symtab_shndx|\.gdb_index|\.gnu\.debuglto_.*)$/;

/** Section headers may say what they like: the ranges lie in the file, in order, and never overlap. */
function rangesOf(sections: readonly ElfSection[], size: number): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  let end = 0;
  const wanted = sections.filter(({ name }) => forDebuggers.test(name));
  for (const section of wanted.toSorted((one, other) => one.offset - other.offset)) {
    const from = Math.max(end, section.offset);
    end = Math.max(end, Math.min(size, section.offset + section.size));
    if (from < end) ranges.push([from, end]);
  }
  return ranges;
}
