import { leftoverVerdict } from "../claims/leftover-verdict.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { cacheFolders, inHomes } from "../facts/cache-folders.ts";

/** Sources and objects that compilers and their package managers keep. */
export const compilerCaches: Rule = defineRule({
  name: "compiler-caches",
  title: "Sources and objects that compilers kept",
  meaning:
    "cargo, go, maven, gradle and ccache keep what they download and compile, to be faster the next time. A container that only " +
    "runs the result never reads them. They are often larger than the program that they helped to build.",
  measure:
    "All visible files in .cargo/registry and .cargo/git, go/pkg/mod, .cache/go-build, .m2/repository, .gradle/caches, .ccache and " +
    ".cache/ccache of all homes, in the folders of the official images (usr/local/cargo, go) and where GOCACHE and CCACHE_DIR point.",
  risk: "A container that compiles (go run, mvn exec, cargo run) downloads it all again, or fails without a network.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of compilers' caches",
      patterns: [
        ...[".cargo/registry", ".cargo/git", "go/pkg/mod", ".m2/repository", ".gradle/caches", ".ccache"].flatMap((path) =>
          inHomes(facts, path),
        ),
        ...cacheFolders(facts, "go-build", "GOCACHE"),
        ...cacheFolders(facts, "ccache", "CCACHE_DIR"),
        "usr/local/cargo/registry",
        "usr/local/cargo/git",
      ],
      safety: "verified",
      avoid: "build in a stage of its own and copy the result, or use a cache mount in",
    }),
});
