import { dynamicElf, type DynamicElf } from "./dynamic-elf.ts";
import { debianEntries, pythonEntries, type DebianPackage } from "./installed.ts";
import type { TestEntry } from "./layers.ts";
import { loaderCache } from "./loader-cache.ts";

const toolkit = "usr/local/cuda-12.4/targets/x86_64-linux/lib";
const site = "usr/local/lib/python3.11/site-packages";

/** Where things are in the test image. */
export const cudaPlaces: { readonly toolkit: string; readonly site: string } = { toolkit, site };

const elfs = (folder: string): Readonly<Record<string, DynamicElf>> => ({
  [`${folder}/libcublas.so.12.4.5.8`]: { soname: "libcublas.so.12", needed: ["libcublasLt.so.12", "libc.so.6"] },
  [`${folder}/libcublasLt.so.12.4.5.8`]: { soname: "libcublasLt.so.12", needed: ["libc.so.6"] },
  [`${folder}/libcudart.so.12.4.127`]: { soname: "libcudart.so.12", needed: ["libc.so.6"] },
});

/** An ELF file among the entries. */
export function elfEntry(path: string, file: DynamicElf): TestEntry {
  return { path, content: dynamicElf(file), mode: 0o755 };
}

/** What dpkg has of that base image. */
export const systemPackages: readonly DebianPackage[] = [
  { name: "libc6", essential: true, files: ["usr/lib/x86_64-linux-gnu/libc.so.6"] },
  {
    name: "libcublas-12-4",
    files: [
      "libcublas.so.12.4.5.8",
      "libcublas.so.12 -> libcublas.so.12.4.5.8",
      "libcublasLt.so.12.4.5.8",
      "libcublasLt.so.12 -> libcublasLt.so.12.4.5.8",
    ]
      .map((name) => `${toolkit}/${name}`)
      .concat("usr/share/doc/libcublas-12-4/copyright"),
  },
  {
    name: "cuda-cudart-12-4",
    files: [`${toolkit}/libcudart.so.12.4.127`, `${toolkit}/libcudart.so.12 -> libcudart.so.12.4.127`],
  },
  { name: "libnpp-12-4", files: [`${toolkit}/libnppc.so.12`] },
  {
    name: "cuda-libraries-12-4",
    depends: "libcublas-12-4, cuda-cudart-12-4, libnpp-12-4",
    files: ["usr/share/doc/cuda-libraries-12-4/copyright"],
  },
];

/** CUDA's base image: the toolkit's libraries by packages, found through the loader's settings and its cache. */
export function cudaBase(packages: readonly DebianPackage[] = systemPackages): TestEntry[] {
  const known = elfs(toolkit);
  const cached = ["libcublas.so.12", "libcublasLt.so.12", "libcudart.so.12"].map((name) => `/${toolkit}/${name}`);
  return [
    ...debianEntries(packages).map((entry) => {
      const file = entry.path.endsWith("libc.so.6") ? { soname: "libc.so.6" } : known[entry.path];
      return file === undefined ? entry : elfEntry(entry.path, file);
    }),
    { path: "etc/ld.so.conf.d/cuda.conf", content: `/${toolkit}\n` },
    { path: "etc/ld.so.cache", content: loaderCache([...cached, "/usr/lib/x86_64-linux-gnu/libc.so.6"]) },
  ];
}

/** PyTorch with the libraries of its wheels, which it finds by a path of its own. */
export function torchWheels(rpath = "$ORIGIN/../../nvidia/cublas/lib:$ORIGIN/../../nvidia/cuda_runtime/lib"): TestEntry[] {
  return [
    ...pythonEntries("torch", "2.5.1", ["torch/lib/libtorch_cuda.so"]).map((entry) =>
      entry.path.endsWith(".so")
        ? elfEntry(entry.path, { soname: "libtorch_cuda.so", needed: ["libcublas.so.12", "libcudart.so.12"], rpath: rpath })
        : entry,
    ),
    // As NVIDIA's wheels do: found through who has loaded it already.
    elfEntry(`${site}/nvidia/cublas/lib/libcublas.so.12`, {
      soname: "libcublas.so.12",
      needed: ["libcublasLt.so.12"],
      rpath: "$ORIGIN",
    }),
    elfEntry(`${site}/nvidia/cublas/lib/libcublasLt.so.12`, { soname: "libcublasLt.so.12", needed: ["libc.so.6"] }),
    elfEntry(`${site}/nvidia/cuda_runtime/lib/libcudart.so.12`, { soname: "libcudart.so.12", needed: ["libc.so.6"] }),
  ];
}
