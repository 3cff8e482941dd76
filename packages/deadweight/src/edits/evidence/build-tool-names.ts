const tools =
  /^(?:build-essential|gcc|g\+\+|gfortran|clang|make|cmake|ninja-build|meson|autoconf|automake|libtool|bison|flex|pkg-config|pkgconf|swig|rustc|cargo|nasm|yasm|libc6-dev|(?:gcc|g\+\+|clang)-\d+|python3(?:\.\d+)?-dev|python-dev-is-python3)$/;

/** Whether a package of Debian or Ubuntu is for building alone, by its name. */
export function isBuildTool(name: string): boolean {
  return tools.test(name);
}
