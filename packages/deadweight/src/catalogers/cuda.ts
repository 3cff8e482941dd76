import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import { asRecord, parseJson } from "../lib/parse-json.ts";
import { cudaLibrary, cudaLibraryPath } from "./cuda/cuda-library.ts";
import { CatalogDraft } from "./system/catalog-draft.ts";

/** A toolkit's own folder, `usr/local/cuda-12.4`: CUDA Installation Guide for Linux. */
const toolkitFolder = /^(?:usr\/local|opt|opt\/nvidia)\/cuda(?:-(\d+(?:\.\d+)*))?(?=\/)/;
const mostVersionBytes = 1024 * 1024;

/**
 * CUDA, cuDNN, NCCL and TensorRT where no package of their own brought them: a toolkit from NVIDIA's installer or COPY, libraries
 * inside of another project's wheel. What a package is of CUDA, `nvidiaPart` says.
 */
export const cuda: Cataloger = defineCataloger({
  name: "cuda",
  precedence: 90,
  wants: [
    { names: ["version.json", "version.txt"], path: /\/cuda[^/]*\/version\.(?:json|txt)$/ },
    { names: ["nvcc"], path: /\/cuda[^/]*\/bin\/nvcc$/, head: 0 },
    { path: cudaLibraryPath, head: 0 },
    // It lists a toolkit's libraries, which must not be listed once they go.
    { names: ["ld.so.cache"], path: /^etc\/ld\.so\.cache$/ },
  ],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  const toolkits = new Map<ByteString, string>();
  const libraries = new Map<string, WantedFile[]>();
  for (const file of files) {
    const [folder, number = ""] = toolkitFolder.exec(file.path) ?? [];
    if (folder !== undefined) toolkits.set(folder, versionOf(file, draft) ?? toolkits.get(folder) ?? number);
    const library = isOfAnother(file.path) ? undefined : cudaLibrary(file.path);
    if (library === undefined) continue;
    const key = `${file.path.slice(0, file.path.lastIndexOf("/") + 1)}${library.part}`;
    const copies = libraries.get(key);
    if (copies === undefined) libraries.set(key, [file]);
    else copies.push(file);
  }
  for (const [folder, version] of toolkits) {
    draft.add({ kind: "cuda", name: "toolkit", ...known(version), origin: "toolkit", paths: [], folders: [folder] });
  }
  for (const copies of libraries.values()) addLibrary(draft, copies);
  return draft.finish();
}

/** Libraries of one part in one folder. Those inside of a wheel are taken from it, others are only had when nobody names them. */
function addLibrary(draft: CatalogDraft, copies: readonly WantedFile[]): void {
  const paths = copies.map(({ path }) => path);
  const found = paths.map((path) => cudaLibrary(path)).filter((library) => library !== undefined);
  const version = found.map((library) => library.version).reduce((one, other) => (other.length > one.length ? other : one), "");
  const isWheel = /(?:^|\/)(?:site|dist)-packages\//.test(paths[0] ?? "");
  const isConda = /(?:^|\/)[^/]*(?:conda|mamba|miniforge)[^/]*\//.test(paths[0] ?? "");
  draft.add({
    kind: "cuda",
    name: found[0]?.part ?? "",
    ...known(version),
    origin: isWheel ? "wheel" : isConda ? "conda" : "toolkit",
    paths: isWheel ? paths : [],
    ...(isWheel ? {} : { folders: paths }),
  });
}

/** NVIDIA's own wheels are CUDA's as a whole, stubs are for linking, conda's `pkgs` are a cache; `*` would be a pattern of folders. */
function isOfAnother(path: ByteString): boolean {
  return /\/(?:site|dist)-packages\/(?:nvidia|tensorrt[^/]*)\/|\/stubs\/|(?:^|\/)pkgs\/[^/]+\/lib\/|\*/.test(path);
}

function known(version: string): { readonly version?: string } {
  return version === "" ? {} : { version };
}

/** `{"cuda": {"version": "12.4.1"}}` since CUDA 11.1, `CUDA Version 10.2.89` before. */
function versionOf(file: WantedFile, draft: CatalogDraft): string | undefined {
  if (file.path.endsWith("/version.txt")) {
    const text = draft.read(file, mostVersionBytes, (bytes) => Buffer.from(bytes).toString("latin1")) ?? "";
    return /^CUDA Version (\d+(?:\.\d+)*)/.exec(text)?.[1];
  }
  if (!file.path.endsWith("/version.json")) return undefined;
  const json = draft.read(file, mostVersionBytes, (bytes) => parseJson(bytes, `cannot read ${textOf(file.path)}`));
  const version = asRecord(asRecord(json)?.["cuda"])?.["version"];
  return typeof version === "string" && /^\d+(?:\.\d+)*$/.test(version) ? version : undefined;
}
