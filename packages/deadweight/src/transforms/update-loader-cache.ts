import { cacheWithout } from "../binary/loader-cache.ts";
import { defineTransform, type PlanContext, type Transform } from "../contracts/transform.ts";
import { capturedContent } from "../facts/captured-content.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";

const path = "etc/ld.so.cache";

/** Takes libraries that go out of the loader's cache: it opens what it finds there, and looks no further when that is gone. */
export const updateLoaderCache: Transform = defineTransform({
  name: "update-loader-cache",
  title: "Take libraries that go out of the loader's cache",
  safety: "lossless",
  // After all that removes.
  order: 61,
  follows: true,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const entry = tree.find(path);
    if (entry < 0 || tree.type(entry) !== "file" || context.editOf(entry) !== undefined) return [];
    if (!context.mayEdit(tree.layerOf(entry)) || context.isKept(path)) return [];
    const bytes = capturedContent(facts, entry);
    const isGone = goneFiles(tree, context);
    const content = bytes === undefined || isGone === undefined ? undefined : cacheWithout(Buffer.from(bytes), isGone);
    if (content === undefined) return [];
    if (typeof content === "string") return { edits: [], notes: [`/${path} lists libraries that go: ${content}`] };
    return [{ entry, edit: { action: "rewrite", content }, reason: "loader's cache: removed libraries are not listed" }];
  },
});

/** Whether what a path led to is no longer seen; undefined when nothing goes. */
function goneFiles(tree: FileTree, { isRemoved, isUncovered }: PlanContext): ((path: string) => boolean) | undefined {
  const gone = new Set<number>();
  for (const entry of tree.all()) {
    const node = tree.nodeOf(entry);
    if (isRemoved(entry) && !tree.stored(node).some(isUncovered)) gone.add(entry);
  }
  if (gone.size === 0) return undefined;
  return (name) => {
    const [found, target] = [tree.find(name.replace(/^\/+/, "")), tree.resolve(name)];
    return gone.has(found) || gone.has(target);
  };
}
