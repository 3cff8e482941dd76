import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonEntries } from "../support/installed.ts";
import { cudaBase, cudaPlaces, elfEntry, systemPackages, torchWheels } from "../support/cuda-twice.ts";
import type { TestEntry } from "../support/layers.ts";
import { listedIn } from "../support/loader-cache.ts";
import { planned, type Planned, type PlanningOptions } from "../support/planning.ts";

const { toolkit, site } = cudaPlaces;

function dropped(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): Planned {
  return planned(layers, { only: ["drop-duplicate-cuda"], facts: { programs: true }, ...options });
}

/** Names of the toolkit's libraries that are left. */
function left({ after }: Planned): readonly string[] {
  return after
    .flat()
    .filter(({ path }) => path.startsWith(toolkit))
    .map(({ path }) => path.slice(toolkit.length + 1))
    .sort();
}

function contentAfter({ after }: Planned, path: string): string {
  return Buffer.from(after.flat().findLast((entry) => entry.path === path)?.content ?? "").toString("latin1");
}

const everything = [
  "libcublas.so.12",
  "libcublas.so.12.4.5.8",
  "libcublasLt.so.12",
  "libcublasLt.so.12.4.5.8",
  "libcudart.so.12",
  "libcudart.so.12.4.127",
  "libnppc.so.12",
];

test("the toolkit's copies go with their packages and the list of these; databases and the loader's cache say so", () => {
  const result = dropped([[...cudaBase(), ...torchWheels()]]);
  assert.deepEqual(left(result), ["libnppc.so.12"]);
  assert.deepEqual(result.plan.notes, []);
  const status = contentAfter(result, "var/lib/dpkg/status");
  assert.deepEqual(
    [...status.matchAll(/^Package: (.*)$/gm)].map(([, name]) => name),
    ["libc6", "libnpp-12-4"],
  );
  const paths = result.after.flat().map(({ path }) => path);
  assert.deepEqual(
    paths.filter((path) => path.endsWith(".list")),
    ["var/lib/dpkg/info/libc6.list", "var/lib/dpkg/info/libnpp-12-4.list"],
  );
  assert.deepEqual(listedIn(Buffer.from(contentAfter(result, "etc/ld.so.cache"), "latin1")), [
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
  ]);
  assert.equal(paths.filter((path) => path.startsWith(`${site}/nvidia`)).length, 3);
});

const users: Readonly<Record<string, readonly [TestEntry, readonly string[]]>> = {
  "a program that the loader gives it to": [elfEntry("opt/app/run", { needed: ["libcublas.so.12"] }), everything.slice(0, 4)],
  "a library that opens it by name": [
    elfEntry("opt/app/lib.so", { needed: ["libc.so.6"], constants: ["libcudart.so.12"] }),
    everything.slice(4, 6),
  ],
  "a program that has its path": [
    elfEntry("opt/app/run", { needed: ["libc.so.6"], constants: [`/${toolkit}/libcudart.so.12`] }),
    everything.slice(4, 6),
  ],
  "a Python module that opens it": [
    { path: "opt/app/load.py", content: 'import ctypes\nctypes.CDLL("libcudart.so.12")\n' },
    everything.slice(4, 6),
  ],
  "a Python module that opens it by the linker's name": [
    { path: "opt/app/load.py", content: 'import ctypes\nctypes.CDLL("libcudart.so")\n' },
    everything.slice(4, 6),
  ],
};

for (const [what, [entry, stays]] of Object.entries(users)) {
  test(`a copy stays that is used by ${what}, and its package with it`, () => {
    assert.deepEqual(left(dropped([[...cudaBase(), ...torchWheels(), entry]])), [...stays, "libnppc.so.12"]);
  });
}

test("what a framework has loaded already is no use of the toolkit's", () => {
  const extension = elfEntry(`${site}/vision/_C.so`, { needed: ["libtorch_cuda.so", "libcudart.so.12"] });
  assert.deepEqual(left(dropped([[...cudaBase(), ...torchWheels(), extension]])), ["libnppc.so.12"]);
  const other = elfEntry(`${site}/other/_C.so`, { needed: ["libcudart.so.12"] });
  assert.deepEqual(left(dropped([[...cudaBase(), ...torchWheels(), other]])), everything.slice(4));
});

test("a framework that does not name its own folders takes the toolkit's, which then stays", () => {
  assert.deepEqual(left(dropped([[...cudaBase(), ...torchWheels("/opt/nowhere")]])), everything);
});

test("LD_LIBRARY_PATH and LD_PRELOAD count", () => {
  const app = elfEntry("opt/app/run", { needed: ["libcublas.so.12"] });
  const own = `LD_LIBRARY_PATH=/${site}/nvidia/cublas/lib`;
  const layers = [[...cudaBase(), ...torchWheels(), app]];
  const facts = (...environment: string[]): PlanningOptions => ({ facts: { programs: true, config: { environment } } });
  assert.deepEqual(left(dropped(layers, facts(own))), ["libnppc.so.12"]);
  assert.deepEqual(left(dropped(layers, facts(own, `LD_PRELOAD=/${toolkit}/libcudart.so.12`))), everything.slice(4));
});

test("software that loads the toolkit's by itself, a cache that can't follow, and layers of the base image leave all of it", () => {
  const layers = [cudaBase(), torchWheels()];
  const runtime = dropped([[...cudaBase(), ...torchWheels(), ...pythonEntries("onnxruntime-gpu", "1.19.0")]]);
  assert.deepEqual(
    [left(runtime), runtime.plan.notes],
    [everything, ["CUDA that is there twice stays: onnxruntime-gpu may load the toolkit's"]],
  );
  assert.deepEqual(left(dropped(layers, { base: 1 })), everything);
  assert.deepEqual(left(dropped(layers, { base: 1, rewriteBase: true })), ["libnppc.so.12"]);
  assert.deepEqual(left(dropped(layers, { keep: ["etc/ld.so.cache"] })), everything);
  assert.deepEqual(left(dropped(layers, { facts: {} })), everything);
});

test("a package with other files stays whole, and what its libraries need", () => {
  const extra = [
    { name: "libc6", essential: true, files: ["usr/lib/x86_64-linux-gnu/libc.so.6"] },
    {
      name: "libcublas-12-4",
      files: [
        `${toolkit}/libcublas.so.12.4.5.8`,
        `${toolkit}/libcublas.so.12 -> libcublas.so.12.4.5.8`,
        "usr/local/cuda-12.4/EULA",
      ],
    },
    {
      name: "libcublaslt-12-4",
      files: [`${toolkit}/libcublasLt.so.12.4.5.8`, `${toolkit}/libcublasLt.so.12 -> libcublasLt.so.12.4.5.8`],
    },
    {
      name: "cuda-cudart-12-4",
      files: [`${toolkit}/libcudart.so.12.4.127`, `${toolkit}/libcudart.so.12 -> libcudart.so.12.4.127`],
    },
  ];
  const result = dropped([[...cudaBase(extra), ...torchWheels()]]);
  assert.deepEqual(left(result), everything.slice(0, 4));
  assert.match(result.plan.notes[0] ?? "", /^CUDA that is there twice stays, libcublas\.so\.12 and libcublasLt\.so\.12: /);
});

test("libraries that no package lists go by themselves", () => {
  const system = cudaBase([{ name: "libc6", essential: true, files: ["usr/lib/x86_64-linux-gnu/libc.so.6"] }]);
  const file = elfEntry(`${toolkit}/libcudart.so.12.4.127`, { soname: "libcudart.so.12" });
  const link: TestEntry = { path: `${toolkit}/libcudart.so.12`, type: "symlink", link: "libcudart.so.12.4.127" };
  const others: TestEntry = { path: `${toolkit}/libother.so`, content: "x" };
  assert.deepEqual(left(dropped([[...system, ...torchWheels(), file, link, others]])), ["libother.so"]);
});

test("build tools and copies leave dpkg's database together", () => {
  const make = { name: "make", section: "devel", files: ["usr/bin/make"] };
  const tools = { name: "libcublas-dev-12-4", section: "libdevel", depends: "libcublas-12-4", files: ["usr/include/cublas.h"] };
  const system = [...systemPackages, make, tools];
  const both = dropped([[...cudaBase(system), ...torchWheels()]], { only: ["remove-packages", "drop-duplicate-cuda"] });
  assert.deepEqual(left(both), ["libnppc.so.12"]);
  const names = [...contentAfter(both, "var/lib/dpkg/status").matchAll(/^Package: (.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(names, ["libc6", "libnpp-12-4"]);
  // While headers stay that need it, so does the library.
  assert.deepEqual(left(dropped([[...cudaBase(system), ...torchWheels()]])), [...everything.slice(0, 4), "libnppc.so.12"]);
});
