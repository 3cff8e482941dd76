import { defineRule, type Rule } from "../contracts/rule.ts";
import { developmentFindings } from "../claims/development-findings.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";

/** Archives of object code, which linkers alone read. */
export const staticLibraries: Rule = defineRule({
  name: "static-libraries",
  title: "Static libraries",
  meaning:
    "A static library (`libx.a`) is copied into a program when it is linked, and no program opens it afterwards. They come " +
    "with `-dev` packages, with CUDA's `devel` images (cuDNN's and cuBLAS's are gigabytes), with Python built from source " +
    "(`libpython3.11.a`, twice) and inside some wheels.",
  measure:
    "Counts visible files named `lib*.a`, and the compiled packages of Go's library (`pkg/linux_amd64/*.a`). They are known " +
    "by their names: the content is not read.",
  risk:
    "Linking fails without them; `libc_nonshared.a` and `libgcc.a` are part of every link. Where an installed package " +
    "compiles when it runs (Triton, torch.compile, deepspeed and others, and a compiler is there), or packages that stay " +
    "depend on the compiler, its archives are a finding apart, to be asked for by name. A program that calls a compiler " +
    "without one of the packages known here is not seen.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const entries = new Set([...tree.all()].filter((entry) => isStaticLibrary(tree, entry)));
    return developmentFindings(facts, {
      entries,
      noun: "static library",
      plural: "static libraries",
      place: (path) => path,
      remedy: "deadweight optimize --level verified, or compile in a stage of its own and copy the result",
    });
  },
});

function isStaticLibrary(tree: FileTree, entry: number): boolean {
  const node = tree.nodeOf(entry);
  const name = tree.paths.name(node);
  if (!name.endsWith(".a") || tree.type(entry) === "directory") return false;
  return name.startsWith("lib") || /\/pkg\/linux_[^/]+\//.test(tree.path(entry));
}
