import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { byteStringFromText, textOf, type ByteString } from "../lib/byte-string.ts";
import { parseGguf } from "./models/gguf.ts";
import { parseOnnx } from "./models/onnx.ts";
import { parsePytorch } from "./models/pytorch.ts";
import { parseSafetensors } from "./models/safetensors.ts";
import { weightsInWords, type Weights } from "./models/weights.ts";
import { CatalogDraft } from "./system/catalog-draft.ts";

const MiB = 1024 * 1024;
/** A download of the Hugging Face hub: huggingface_hub, docs/source/en/guides/manage-cache.md. Blobs have digests for names. */
const hubFolder = /^(?:[^*]*\/)?models--[^/*]+(?=\/)/;
/** `model-00001-of-00004.safetensors`, the name of transformers, llama.cpp and diffusers for a part. */
const shardNumber = /-\d{5}(?=-of-\d{5})/;

/** Weights of models, told by their content. A model is a file, the parts of a split file, or a download of the hub. */
export const models: Cataloger = defineCataloger({
  name: "models",
  precedence: 90,
  wants: [
    { endings: [".safetensors", ".gguf", ".onnx", ".bin", ".pt", ".pth", ".ckpt", ".jit"], head: MiB },
    { path: /(?:^|\/)models--[^/]+\/blobs\/[^/]+$/, head: MiB },
    { names: ["main"], path: /(?:^|\/)models--[^/]+\/refs\/main$/, head: 64 },
  ],
  catalog,
});

interface Model {
  readonly isHub: boolean;
  readonly weights: Weights[];
  readonly paths: ByteString[];
}

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  const found = new Map<ByteString, Model>();
  const revisions = new Map<ByteString, string>();
  for (const file of files) {
    const hub = hubFolder.exec(file.path)?.[0];
    if (hub !== undefined && file.path.endsWith("/refs/main")) revisions.set(hub, revisionOf(file, draft));
    else addWeights(found, file, draft, hub);
  }
  for (const [name, model] of found) addModel(draft, name, model, revisions.get(name) ?? "");
  return draft.finish();
}

function addWeights(found: Map<ByteString, Model>, file: WantedFile, draft: CatalogDraft, hub: ByteString | undefined): void {
  const weights = draft.attempt(file, () => parseWeights(file));
  if (weights?.problem !== undefined) draft.report(file, weights.problem);
  if (weights === undefined) return;
  const name = hub ?? file.path.replace(shardNumber, "-*");
  const model = found.get(name) ?? { isHub: hub !== undefined, weights: [], paths: [] };
  model.weights.push(weights);
  for (const path of [file.path, ...besides(file.path, weights.externalFiles ?? [])]) model.paths.push(path);
  found.set(name, model);
}

function parseWeights(file: WantedFile): Weights | undefined {
  const head = file.bytes();
  const sure = parseGguf(head, file.size) ?? parsePytorch(head, file.size);
  if (sure !== undefined) return sure;
  // These two have no magic number: the name decides, or for a blob the place.
  const ending = /\.(safetensors|onnx)$/.exec(file.path)?.[1];
  const isBlob = /\/blobs\/[^/]+$/.test(file.path);
  const safetensors = isBlob || ending === "safetensors" ? parseSafetensors(head, file.size) : undefined;
  return safetensors ?? (isBlob || ending === "onnx" ? parseOnnx(head, file.size) : undefined);
}

/** Files that a model names, in its own folder or below: ONNX allows no others. */
function besides(path: ByteString, names: readonly string[]): ByteString[] {
  const inside = names.filter((name) => !name.startsWith("/") && !name.split("/").includes(".."));
  return inside.map((name) => path.slice(0, path.lastIndexOf("/") + 1) + byteStringFromText(name).replace(/^(?:\.\/)+/, ""));
}

function revisionOf(file: WantedFile, draft: CatalogDraft): string {
  const text = draft.attempt(file, () => Buffer.from(file.bytes()).toString("latin1").trim()) ?? "";
  return /^[0-9a-f]{40}$/.test(text) ? text : "";
}

function addModel(draft: CatalogDraft, name: ByteString, { isHub, weights, paths }: Model, revision: string): void {
  draft.add({
    kind: "model",
    name: textOf(
      isHub
        ? name
            .slice(name.lastIndexOf("/models--") + 1)
            .replace("models--", "")
            .replace("--", "/")
        : name,
    ),
    ...(revision !== "" && { version: revision }),
    origin: weightsInWords(weights),
    paths,
    // Tokenizer, configuration and links of a download are of no use without it.
    ...(isHub && { folders: [name] }),
  });
}
