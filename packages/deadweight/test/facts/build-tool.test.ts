import assert from "node:assert/strict";
import { test } from "node:test";
import { buildToolOf, type BuildTool } from "../../src/facts/build-tool.ts";

const roleOf = (name: string, section?: string, paths: readonly string[] = []): BuildTool | undefined =>
  buildToolOf({ kind: "dpkg", name, paths, ...(section !== undefined && { section }) });

const known: readonly (readonly [BuildTool, string])[] = [
  [
    "c-compiler",
    "gcc gcc-12 gcc-12:i386 gcc-x86-64-linux-gnu g++ g++-12 cpp-12 gcc-c++ clang-14 binutils binutils-x86-64-linux-gnu",
  ],
  ["c-compiler", "libc6-dev libc-dev-bin linux-libc-dev libgcc-12-dev libstdc++-12-dev libstdc++-dev libstdc++-devel musl-dev"],
  ["c-compiler", "glibc-devel kernel-headers python3-dev python3.11-dev libpython3.11-dev python3-devel"],
  ["cuda-compiler", "cuda-nvcc-12-4 cuda-toolkit-12-4 cuda-cudart-dev-12-4 libcublas-dev-12-4 libcudnn9-dev-cuda-12 libnccl-dev"],
  ["ninja", "ninja-build ninja"],
  ["git", "git git-man git-core"],
  [
    "other",
    "build-essential build-base make cmake cmake-data dpkg-dev pkg-config pkgconf gfortran-12 rustc cargo golang-1.19-go go",
  ],
  ["other", "libpq-dev zlib1g-dev openssl-devel .build-deps-20240101.120000 cuda-nsight-compute-12-4 nsight-systems-2024.1.1"],
];

test("build tools and development packages of the distributions, by name", () => {
  for (const [role, names] of known) for (const name of names.split(" ")) assert.equal(roleOf(name), role, name);
});

test("what only looks like one", () => {
  const others =
    "libgcc-s1 libstdc++6 gccgo-12-doc makedev cmake-format github-cli gitlab-runner libgit2-1.5 libcurl4 python3 python3.11 " +
    "cuda-cudart-12-4 cuda-libraries-12-4 cuda-compat-12-4 libcublas-12-4 libcudnn8 libnccl2 cuda-toolkit-12-4-config-common " +
    "google-cloud-cli go-md2man .python-rundeps llvm-libs rust-doc-viewerx udev libclang1-14 gdbserver patchelf";
  for (const name of others.split(" ")) assert.equal(roleOf(name), undefined, name);
});

test("the archive's section tells development packages; one with a library that programs load is none", () => {
  assert.equal(roleOf("libfoo-headers", "libdevel"), "other");
  assert.equal(roleOf("libfoo", "libs"), undefined);
  assert.equal(roleOf("libfoo-dev", "libdevel", ["usr/lib/x86_64-linux-gnu/libfoo.so"]), "other");
  assert.equal(roleOf("libfoo-dev", "libdevel", ["usr/lib/x86_64-linux-gnu/libfoo.so.1"]), undefined);
});
