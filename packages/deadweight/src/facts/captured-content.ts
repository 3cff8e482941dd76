import { readFileSync } from "node:fs";
import type { Facts } from "../contracts/fact.ts";
import { fileTree } from "./file-tree.ts";

/** The whole content of a file that a cataloger wants; undefined when it was not kept, or not as a whole. */
export function capturedContent(facts: Facts, entry: number): Uint8Array | undefined {
  const tree = facts.get(fileTree);
  const content = tree.contentOf(entry);
  const layer = tree.layerOf(content);
  const first = facts.layers.slice(0, layer).reduce((total, { count }) => total + count, 0);
  const capture = facts.layers[layer]?.captures.find((candidate) => candidate.entry === content - first);
  if (capture === undefined) return undefined;
  const bytes = capture.bytes ?? (capture.spooled === undefined ? undefined : readFileSync(capture.spooled));
  return bytes?.length === tree.size(content) ? bytes : undefined;
}
