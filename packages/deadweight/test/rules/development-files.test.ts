import assert from "node:assert/strict";
import { test } from "node:test";
import { developmentFiles } from "../../src/rules/development-files.ts";
import { debianEntries, pythonEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, claimedPaths, findingsOf } from "../support/rule-claims.ts";

const image = (...paths: readonly string[]): ReturnType<typeof factsOf> =>
  factsOf([paths.map((path) => ({ path, content: path }))]);
const site = "usr/local/lib/python3.11/site-packages";

test("headers, pkg-config, CMake, aclocal and libtool files", () => {
  const paths = [
    "opt/conda/include/zlib.h",
    "usr/include/c++/12/vector",
    "usr/include/stdio.h",
    "usr/lib/libxml2.la",
    "usr/lib/x86_64-linux-gnu/cmake/Qt5/Qt5Config.cmake",
    "usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc",
    "usr/local/cuda-12.4/targets/x86_64-linux/include/cublas.h",
    `${site}/numpy/core/include/numpy/ndarraytypes.h`,
    `${site}/nvidia/cublas/include/cublas_v2.h`,
    `${site}/torch/share/cmake/Torch/TorchConfig.cmake`,
    "usr/share/aclocal/glib-2.0.m4",
    "usr/share/pkgconfig/udev.pc",
  ];
  const facts = image(...paths);
  assert.deepEqual(
    claimedBy(developmentFiles, facts),
    paths.map((path) => `0:${path}`),
  );
  const [finding] = findingsOf(developmentFiles, facts);
  assert.equal(finding?.safety, "verified");
  assert.match(finding?.message ?? "", /^12 files for building in \/usr\/include, /);
});

test("what programs read is left alone", () => {
  const facts = image(
    "usr/include/python3.11/pyconfig.h",
    "usr/lib/x86_64-linux-gnu/ImageMagick-6.9.11/modules-Q16/coders/png.la",
    "usr/share/cmake-3.25/Modules/FindZLIB.cmake",
    `${site}/pkg/include/template.html`,
    `${site}/warp/native/array.h`,
    "app/include/config.h",
    "app/cmake/rules.cmake",
    "srv/include/x.hpp",
    `${site}/pythran/pythonic/include/types.hpp`,
  );
  assert.deepEqual(claimedBy(developmentFiles, facts), []);
});

test("linker names belong to -dev packages; another link of that form is a program's", () => {
  const facts = factsOf([
    debianEntries([
      { name: "zlib1g-dev", section: "libdevel", files: ["usr/lib/x86_64-linux-gnu/libz.so -> libz.so.1.2.13"] },
      {
        name: "zlib1g",
        files: ["usr/lib/x86_64-linux-gnu/libz.so.1 -> libz.so.1.2.13", "usr/lib/x86_64-linux-gnu/libz.so.1.2.13"],
      },
      { name: "libjvm", files: ["usr/lib/x86_64-linux-gnu/libjvm.so -> ../jvm/libjvm.so"] },
    ]),
  ]);
  assert.deepEqual(claimedBy(developmentFiles, facts), ["0:usr/lib/x86_64-linux-gnu/libz.so"]);
});

test("with triton and gcc the C headers, Python's and torch's are for who asks by name", () => {
  const facts = factsOf([
    debianEntries([
      { name: "gcc", files: ["usr/bin/gcc"] },
      { name: "libc6-dev", section: "libdevel", files: ["usr/include/stdio.h"] },
      { name: "libpq-dev", section: "libdevel", files: ["usr/include/postgresql/libpq-fe.h"] },
    ]),
    [
      { path: "usr/local/include/python3.11/Python.h" },
      { path: `${site}/nvidia/cublas/include/cublas_v2.h` },
      ...pythonEntries("triton", "3.1.0", ["triton/backends/nvidia/include/cuda.h"]),
    ],
  ]);
  const [idle, needed] = findingsOf(developmentFiles, facts);
  assert.deepEqual(idle && claimedPaths(idle, facts), [
    "0:usr/include/postgresql/libpq-fe.h",
    `1:${site}/nvidia/cublas/include/cublas_v2.h`,
  ]);
  assert.deepEqual(needed && claimedPaths(needed, facts), [
    "0:usr/include/stdio.h",
    "1:usr/local/include/python3.11/Python.h",
    `1:${site}/triton/backends/nvidia/include/cuda.h`,
  ]);
  assert.equal(needed?.safety, "opt-in");
});

test("headers that a package which stays depends on are for who asks by name", () => {
  const facts = factsOf([
    debianEntries([
      { name: "node-gyp", depends: "libnode-dev", files: ["usr/bin/node-gyp"] },
      { name: "libnode-dev", section: "libdevel", automatic: true, files: ["usr/include/node/node.h"] },
      { name: "libpq-dev", section: "libdevel", files: ["usr/include/postgresql/libpq-fe.h"] },
    ]),
  ]);
  const [idle, needed] = findingsOf(developmentFiles, facts);
  assert.deepEqual(idle && claimedPaths(idle, facts), ["0:usr/include/postgresql/libpq-fe.h"]);
  assert.deepEqual(needed && claimedPaths(needed, facts), ["0:usr/include/node/node.h"]);
  assert.equal(needed?.safety, "opt-in");
  assert.match(needed?.message ?? "", /, of packages that stay, as node-gyp depends on them$/);
});

test("CuPy compiles CUDA's headers and its own without any compiler in the image", () => {
  const facts = factsOf([
    [
      { path: `${site}/nvidia/cuda_runtime/include/cuda_fp16.h` },
      { path: "usr/include/stdio.h" },
      ...pythonEntries("cupy-cuda12x", "13.3.0", ["cupy/_core/include/cupy/complex.cuh"]),
    ],
  ]);
  const needed = findingsOf(developmentFiles, facts).find(({ safety }) => safety === "opt-in");
  const paths = needed && claimedPaths(needed, facts);
  assert.ok(paths?.includes(`0:${site}/nvidia/cuda_runtime/include/cuda_fp16.h`));
  assert.ok(paths?.includes(`0:${site}/cupy/_core/include/cupy/complex.cuh`));
  assert.match(needed?.message ?? "", /cupy-cuda12x compiles CUDA headers with NVRTC/);
});
