import type { Facts } from "../contracts/fact.ts";
import { defineRule, type EntryClaim, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { claimsWithin } from "../claims/claims-within.ts";
import { debuggedFiles, type DebuggedFile } from "../facts/debugged-files.ts";
import { fileTree } from "../facts/file-tree.ts";
import { largestPaths } from "../claims/largest-paths.ts";
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
    "Stack traces, profilers and debuggers show addresses for functions that are not exported; a Rust or Ruby program names no lines " +
    "when it fails, and one that sums its own file finds another sum. `optimize` cuts the sections out where headers prove that nothing else moves: they lie behind all that is " +
    "mapped, no data follows them, nothing refers to them. GNU strip breaks libraries that patchelf has changed, as " +
    "repaired wheels and conda packages are: `ELF load command address/offset not properly aligned` when they are loaded. Such files, " +
    "and those whose sum a database or signature has that can't follow, are findings apart, each with its reason.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const files = facts.get(debuggedFiles);
    const reasons = Map.groupBy(files, ({ stripped }) => (typeof stripped === "string" ? stripped : undefined));
    const separate = claimsWithin(tree, ["usr/lib/debug", "usr/local/lib/debug"]);
    return [
      ...safe(facts, claimsOf(facts, reasons.get(undefined) ?? [])),
      ...apart(facts, separate),
      ...[...reasons].flatMap(([reason, group]) => (reason === undefined ? [] : risky(facts, claimsOf(facts, group), reason))),
    ];
  },
});

function safe(facts: Facts, claims: readonly EntryClaim[]): RuleFinding[] {
  if (claims.length === 0) return [];
  return [
    {
      message: `debug information or symbol tables in ${countOf(claims.length, "file")}: ${paths(facts, claims)}`,
      safety: "verified",
      remedy:
        "deadweight optimize --level verified, or strip --strip-unneeded in the RUN that builds them (cargo: strip = true, " +
        "go: -ldflags=-s, cmake: install/strip)",
      claims,
    },
  ];
}

function apart(facts: Facts, claims: readonly EntryClaim[]): RuleFinding[] {
  if (claims.length === 0) return [];
  return [
    {
      message: `${countOf(claims.length, "file")} of debug information alone: ${paths(facts, claims)}`,
      safety: "verified",
      remedy: "install no packages that end in -dbg or -dbgsym, or remove /usr/lib/debug in the RUN that brings it",
      claims,
    },
  ];
}

function risky(facts: Facts, claims: readonly EntryClaim[], reason: string): RuleFinding[] {
  if (claims.length === 0) return [];
  return [
    {
      message: `debug information or symbol tables in ${countOf(claims.length, "file")}, ${paths(facts, claims)}: ${reason}`,
      safety: "opt-in",
      remedy: "compile with -g0 or install what is stripped; run every program and load every library after stripping",
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

function claimsOf(facts: Facts, files: readonly DebuggedFile[]): readonly EntryClaim[] {
  const tree = facts.get(fileTree);
  return files.flatMap(({ content, sections }) => {
    const ranges = rangesOf(sections, tree.size(content));
    return ranges.length === 0 ? [] : [{ entry: content, ranges }];
  });
}

/** Section headers may say what they like: the ranges lie in the file, in order, and never overlap. */
function rangesOf(sections: readonly ElfSection[], size: number): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  let end = 0;
  for (const section of sections.toSorted((one, other) => one.offset - other.offset)) {
    const from = Math.max(end, section.offset);
    end = Math.max(end, Math.min(size, section.offset + section.size));
    if (from < end) ranges.push([from, end]);
  }
  return ranges;
}
