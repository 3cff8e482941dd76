import type { RunStep } from "../../dockerfile/run-steps.ts";
import { isBuildTool } from "../evidence/build-tool-names.ts";
import { packageWords } from "../evidence/package-words.ts";
import { runtimePackages } from "../evidence/runtime-packages.ts";

/** What of the packages that steps install a stage needs that only runs: their names, or the -dev package whose library is not known. */
export function finalPackages(steps: readonly RunStep[]): { readonly names: readonly string[] } | { readonly unknown: string } {
  const names = new Set<string>();
  for (const step of steps) {
    const opaque = step.uses.filter(({ tool, verb }) => tool === "apt" && verb === "install").flatMap(({ operands }) => operands);
    const unread = opaque.find(({ value }) => value === undefined || /[=:/]/.test(value));
    if (unread !== undefined) return { unknown: unread.text };
    for (const { name } of packageWords(step)) {
      const library = Object.hasOwn(runtimePackages, name) ? runtimePackages[name] : undefined;
      if (isBuildTool(name)) continue;
      if (library === undefined && name.endsWith("-dev")) return { unknown: name };
      names.add(library ?? name);
    }
  }
  return { names: [...names] };
}
