// Layout: PEP 376 and the packaging guide, "Recording installed projects": RECORD is CSV in UTF-8, one line a file: path, hash,
// size. Paths are relative to the folder that holds the .dist-info folder, or absolute; pip quotes as Python's csv module does.
import type { ByteString } from "../../lib/byte-string.ts";

/** The first field of each line of a RECORD, quotes taken off. Ends at a quote that nothing closes. */
export function* parseRecord(text: ByteString): Generator<ByteString> {
  for (let start = 0; start < text.length;) {
    const end = text[start] === '"' ? quotedEnd(text, start) : unquotedEnd(text, start);
    if (end < 0) return;
    const field = text.slice(start, end);
    if (field !== "") yield field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
    start = nextLine(text, end);
  }
}

/** The place after the closing quote; a doubled quote stands for one. */
function quotedEnd(text: ByteString, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return end < 0 ? -1 : end + 1;
}

function unquotedEnd(text: ByteString, start: number): number {
  let end = start;
  while (end < text.length && text[end] !== "," && text[end] !== "\n" && text[end] !== "\r") end++;
  return end;
}

function nextLine(text: ByteString, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end + 1;
}

/** A path that a database in `folder` names, from the image's root; undefined when it leads out of the image. */
export function pathFrom(folder: ByteString, path: ByteString): ByteString | undefined {
  if (!path.includes("./") && !path.startsWith("/") && !path.includes("//")) return folder === "" ? path : `${folder}/${path}`;
  const names = path.startsWith("/") || folder === "" ? [] : folder.split("/");
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names.join("/");
}
