import type { EntryClaim } from "../contracts/rule.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import { someOf } from "../lib/some-of.ts";
import type { FileTree } from "../facts/file-tree.ts";

/** The places that hold most of the claimed entries' bytes, in words for a message: `/usr/include, /opt/x and 3 more`. */
export function largestPlaces(
  tree: FileTree,
  claims: readonly EntryClaim[],
  place: (path: ByteString) => ByteString,
  limit = 3,
): string {
  const bytes = new Map<ByteString, number>();
  for (const { entry } of claims) {
    const at = place(tree.path(entry));
    bytes.set(at, (bytes.get(at) ?? 0) + tree.tarBytes(entry));
  }
  const places = [...bytes].sort(([one, more], [other, less]) => less - more || (one < other ? -1 : 1));
  return someOf(
    places.map(([path]) => `/${textOf(path)}`),
    limit,
  );
}
