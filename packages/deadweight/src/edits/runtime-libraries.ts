import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { someOf } from "../lib/some-of.ts";
import { laterCompiler } from "./evidence/later-compiler.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { packageWords, withoutWord, type PackageWord } from "./evidence/package-words.ts";
import { packageSaving } from "./evidence/package-saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";
import { runtimePackages } from "./evidence/runtime-packages.ts";

const name = "runtime-libraries";

/** Libraries without their headers. */
export const runtimeLibraries: Edit = defineEdit({
  name,
  title: "The library's package in place of its -dev package",
  safety: "verified",
  order: 45,
  meaning:
    "A -dev package holds headers, static libraries and what a linker needs, and brings the same of all that the library needs: libpq-dev is 23 MB, libpq5 10, " +
    "libopenblas-dev 106 MB, libopenblas0 48. A program that runs opens the library alone.",
  risk:
    "Where something compiles, in this RUN or a later one, nothing is changed. A package that pip has no wheel for needs the headers too: then the build fails, and the edit is " +
    "dropped. Programs that open `libx.so` by that very name find it in the -dev package alone. Only libraries whose package has the same name, or is provided under it, in all " +
    "current releases of Debian and Ubuntu are replaced; versions that are asked for are left.",
  checks: ["elf-closure", "package-databases", "python-imports", "health"],
  example: {
    before:
      "FROM debian:bookworm\nRUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*\n",
    after:
      "FROM debian:bookworm\nRUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\n",
  },
  propose: (context) => gathered(shippedSteps(context).map((step) => findingFor(context, step))),
});

function findingFor(context: EditContext, step: ScriptStep): Finding {
  const all = packageWords(step);
  const found = all.filter(
    (one) => Object.hasOwn(runtimePackages, one.name) && one.word.value === one.name && !isPurged(step, one.name),
  );
  if (found.length === 0) return undefined;
  const { instruction } = step;
  const names = someOf(found.map((one) => one.name));
  const compiler = laterCompiler(context, step);
  if (compiler !== undefined) return { instruction, message: `${names} for building stay: ${compiler}` };
  const saving = savingFor(context, step, found);
  if (saving === undefined) return undefined;
  const present = new Set(all.map((one) => one.name));
  return {
    instruction,
    message: `${names}: headers and static libraries that nothing builds with`,
    reason: `the libraries themselves are in ${someOf(found.map((one) => runtimePackages[one.name] ?? ""))}`,
    replacements: found.map((one) => {
      const library = runtimePackages[one.name] ?? "";
      if (present.has(library)) return withoutWord(context.dockerfile, one);
      present.add(library);
      return { start: one.word.start, end: one.word.end, text: library };
    }),
    saving,
  };
}

function isPurged({ uses }: ScriptStep, dev: string): boolean {
  return uses.some(
    ({ tool, verb, operands }) =>
      tool === "apt" && /^(?:purge|remove|autoremove)$/.test(verb) && operands.some(({ value }) => value === dev),
  );
}

// Installed sizes without recommended packages in Debian bookworm, less those of the library's package.
const sizes: Readonly<Record<string, number>> = { "libpq-dev": 13_086_000, "libopenblas-dev": 58_300_000 };

function savingFor(context: EditContext, step: ScriptStep, found: readonly PackageWord[]): ProposedSaving | undefined {
  const measured = packageSaving(
    context,
    step.instruction,
    new Set(found.map((one) => one.name)),
    new Set(found.map((one) => runtimePackages[one.name] ?? "")),
  );
  if (measured !== undefined) return measured.claims.length > 0 || context.isAsked(name) ? measured : undefined;
  const bytes = found.reduce((sum, one) => sum + (sizes[one.name] ?? 0), 0);
  return { bytes, source: bytes === 0 ? "not known without the image" : "installed sizes in Debian bookworm" };
}
