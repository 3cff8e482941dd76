import type { ByteString } from "../../lib/byte-string.ts";

/** A path inside an archive without empty and `.` segments, `..` resolved; undefined for one that leaves the archive. */
export function memberPath(path: ByteString, folder: ByteString = ""): ByteString | undefined {
  const segments: string[] = [];
  for (const segment of [...folder.split("/"), ...path.split("/")]) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.join("/");
}
