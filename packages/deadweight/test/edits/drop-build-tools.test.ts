import assert from "node:assert/strict";
import { test } from "node:test";
import { dropBuildTools } from "../../src/edits/drop-build-tools.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";
import { factsOf } from "../support/layers.ts";

test("tools are left out where nothing compiles, and purged where this RUN alone does", () => {
  assertTruth(dropBuildTools, [
    ["RUN apt-get install -y build-essential curl\nRUN pip install a", "RUN apt-get install -y curl\nRUN pip install a"],
    ["RUN apt-get install -y curl \\\n    gcc g++ \\\n    python3.11-dev", "RUN apt-get install -y curl"],
    [
      "RUN apt-get install -y gcc && pip install psycopg2",
      "RUN apt-get install -y gcc && pip install psycopg2 && apt-get purge -y --auto-remove gcc",
    ],
    [
      "RUN set -e; apt-get install -y gcc make; make -C /x",
      "RUN set -e; apt-get install -y gcc make; make -C /x; apt-get purge -y --auto-remove gcc make",
    ],
  ]);
});

test("with PyTorch or Triton, what Triton compiles with stays", () => {
  const torch = "\nRUN pip install torch";
  assertTruth(dropBuildTools, [
    [`RUN apt-get install -y build-essential curl${torch}`, `RUN apt-get install -y gcc libc6-dev curl${torch}`],
    [
      `RUN apt-get install -y gcc build-essential python3-dev cmake${torch}`,
      `RUN apt-get install -y gcc libc6-dev python3-dev${torch}`,
    ],
    [
      "RUN apt-get install -y build-essential && pip install triton psycopg2",
      "RUN apt-get install -y build-essential gcc libc6-dev && pip install triton psycopg2 && apt-get purge -y --auto-remove build-essential",
    ],
  ]);
  assertUntouched(dropBuildTools, [`RUN apt-get install -y gcc libc6-dev python3-dev${torch}`]);
});

test("they stay where a later RUN compiles, what is installed compiles, or they are purged already", () => {
  assertUntouched(dropBuildTools, [
    "RUN apt-get install -y gcc\nRUN pip install psycopg2",
    "RUN apt-get install -y gcc\nRUN make",
    "RUN apt-get install -y gcc\nRUN pip install deepspeed",
    "RUN apt-get install -y gcc && pip install psycopg2 && apt-get purge -y --auto-remove gcc",
    "RUN apt-get install -y $TOOLS && make && apt-get purge -y $TOOLS",
    "RUN apt-get install -y git curl",
    "RUN apt-get install -y gcc && make || true",
  ]);
});

test("what compiles, or may, in a later RUN keeps them", () => {
  const later = [
    ..."gmake x;autoconf;bazel build x;scons;ld -o x;gfortran-12 x.f;cython x.pyx".split(";"),
    ..."pip wheel git+https://mirror.example/x;pip install --no-build-isolation x;pip install --no-binary :all: x".split(";"),
    ..."pip install xformers;pip install mmcv-full==1.7;pip install nvdiffrast;uv pip sync r.txt".split(";"),
    ..."./build.sh;$TOOL x;npm rebuild;python3 setup.py install".split(";"),
  ];
  for (const command of later) {
    const files = { "r.txt": "numpy\npsycopg2==2.9\n" };
    assertUntouched(dropBuildTools, [`RUN apt-get install -y gcc\nRUN ${command}`], { files });
  }
  const left = "RUN pip install -r r.txt ./wheels/x-1-py3-none-any.whl";
  assertTruth(dropBuildTools, [[`RUN apt-get install -y gcc curl\n${left}`, `RUN apt-get install -y curl\n${left}`]], {
    files: { "r.txt": "numpy" },
  });
});

test("what calls CUDA's tools alone keeps no compiler of the distribution", () => {
  for (const one of ["cupy-cuda12x", "numba", "tensorflow", "jax", "warp-lang"]) {
    const install = `RUN pip install ${one}`;
    assertTruth(dropBuildTools, [[`RUN apt-get install -y gcc curl\n${install}`, `RUN apt-get install -y curl\n${install}`]]);
  }
  for (const one of ["lmdeploy", "colossalai", "pystan", "theano", "exllamav2", "vllm", "pycuda"])
    assertUntouched(dropBuildTools, [`RUN apt-get install -y gcc\nRUN pip install ${one}`]);
});

test("why they stay is said", () => {
  const { notes } = proposalsOf(dropBuildTools, "FROM a\nRUN apt-get install -y gcc\nRUN make\n");
  assert.match(notes[0]?.message ?? "", /gcc stay: make runs in line 3/);
});

test("with the image it counts libraries that the tool alone brought, links to its files, its alternatives and its archives", () => {
  const status = (name: string, depends = ""): string =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n${depends}\n`;
  const list = (name: string, ...paths: readonly string[]): { readonly path: string; readonly content: string } => ({
    path: `var/lib/dpkg/info/${name}.list`,
    content: paths.map((path) => `/${path}\n`).join(""),
  });
  const facts = factsOf([
    [{ path: "base", content: "x" }],
    [
      { path: "var/lib/dpkg/status", content: [status("gcc", "Depends: libz9\n"), status("libz9"), status("app")].join("\n") },
      { path: "var/lib/apt/extended_states", content: "Package: libz9\nArchitecture: amd64\nAuto-Installed: 1\n" },
      list("gcc", "usr/bin/gcc"),
      list("libz9", "usr/lib/libz.so.9"),
      list("app", "usr/bin/app", "usr/bin/own-link"),
      { path: "usr/bin/gcc", content: "gcc" },
      { path: "usr/bin/app", content: "app" },
      { path: "usr/bin/own-link", type: "symlink", link: "gcc" },
      { path: "usr/bin/cc", type: "symlink", link: "/etc/alternatives/cc" },
      { path: "etc/alternatives/cc", type: "symlink", link: "/usr/bin/gcc" },
      { path: "var/lib/dpkg/alternatives/cc", content: "auto" },
      { path: "var/lib/dpkg/alternatives/vi", content: "auto" },
      { path: "usr/lib/libz.so.9", content: "lib" },
      { path: "var/cache/apt/archives/gcc_1_amd64.deb", content: "deb" },
      { path: "var/cache/apt/archives/app_1_amd64.deb", content: "deb" },
    ],
  ]);
  const text = "FROM a\nRUN apt-get install -y gcc app\n";
  const [proposal] = proposalsOf(dropBuildTools, text, { facts, layers: { 2: [1] } }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  const paths = proposal.saving.claims.map(({ entry }) => textOf(facts.get(fileTree).path(entry)));
  assert.deepEqual(paths.filter((path) => !path.startsWith("var/lib/dpkg/info/")).toSorted(), [
    "etc/alternatives/cc",
    "usr/bin/cc",
    "usr/bin/gcc",
    "usr/lib/libz.so.9",
    "var/cache/apt/archives/gcc_1_amd64.deb",
    "var/lib/dpkg/alternatives/cc",
  ]);
});
