import type { Package } from "../contracts/cataloger.ts";
import type { Tool } from "./runtime-needs.ts";
import { carriesLibrary } from "./removable-packages.ts";

/** What a package is there for when software is built; `other` when no program is known to call it at run time. */
export type BuildTool = Tool | "other";

// Names of Debian, Ubuntu, Alpine, Fedora and NVIDIA's repositories.
const names: readonly (readonly [BuildTool, RegExp])[] = [
  ["c-compiler", /^(?:gcc|g\+\+|cpp|clang|llvm|lld|binutils)(?:-(?!libs)|$)/],
  [
    "c-compiler",
    /^(?:libc6?-dev|libc-dev-bin|linux-libc-dev|libgcc-\d+-dev|libstdc\+\+(?:-\d+)?-dev(?:el)?|libcrypt-dev|rpcsvc-proto)/,
  ],
  ["c-compiler", /^(?:musl-dev|fortify-headers|linux-headers|glibc-(?:devel|headers)|kernel-headers|libxcrypt-devel)/],
  ["c-compiler", /^(?:lib)?python[\d.]*-dev(?:el)?$/],
  ["cuda-compiler", /^cuda(?:-toolkit)?(?:-\d+-\d+)?$/],
  ["cuda-compiler", /^cuda-(?:nvcc|crt|nvvm|cuobjdump|nvdisasm|nvprune|cccl|minimal-build|compiler)(?:-|$)/],
  [
    "cuda-compiler",
    /^(?:cuda|libcu(?:blas|dnn|fft|file|rand|solver|sparse|tensor)|libn(?:pp|ccl|vinfer|vj|vf))[\w-]*-dev(?:el)?(?:-|$)/,
  ],
  ["other", /^(?:cuda-(?:command-line|tools|visual|gdb|nsight|nvprof|nvvp|sanitizer|demo-suite|samples|documentation)|nsight-)/],
  ["ninja", /^ninja(?:-build)?$/],
  ["git", /^git(?:-|$)/],
  ["other", /^(?:build-essential|build-base|alpine-sdk|abuild|dpkg-dev|debhelper|redhat-rpm-config)$/],
  // Alpine's virtual packages for `apk del`; docker-library's `.python-rundeps` are what the program needs.
  ["other", /^\.(?:build|fetch|make)/],
  [
    "other",
    /^(?:make|cmake(?:-data|-rpm-macros)?|meson|autoconf|automake|autotools-dev|libtool(?:-bin)?|m4|bison|flex|gperf|intltool)$/,
  ],
  ["other", /^(?:gfortran|gdb|rustc|cargo|golang|valgrind|swig|ccache|distcc|nasm|yasm|mercurial|subversion)(?:-|[\d.]*$)/],
  ["other", /^(?:go|rust|pkg-config|pkgconf|pkgconf-bin|pkgconf-pkg-config|manpages-dev|libc-devtools|patch)$/],
  // What these recommend comes with them: apt's record says automatic, the dependencies name nobody.
  ["other", /^(?:fakeroot|libfakeroot|libalgorithm-(?:diff|diff-xs|merge)-perl|libfile-fcntllock-perl)$/],
];

/** What a package of dpkg, apk or rpm builds software with; undefined for one that does not, as far as its name tells. */
export function buildToolOf(one: Package): BuildTool | undefined {
  const name = one.name.replace(/:[^:]*$/, "");
  const known = names.find(([, expression]) => expression.test(name))?.[0];
  return known ?? (isForDevelopment(one, name) ? "other" : undefined);
}

/** Headers and linker names, unless programs load a library from it. */
function isForDevelopment(one: Package, name: string): boolean {
  const isNamed = /(?:^|\/)libdevel$/.test(one.section ?? "") || /-dev(?:el)?$/.test(name);
  return isNamed && !carriesLibrary(one);
}
