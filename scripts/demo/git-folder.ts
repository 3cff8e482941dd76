import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { fileEntry, type DemoEntry } from "./demo-entry.ts";

/** A repository's folder at `path` with the files as loose objects, as git itself stores them: gitformat-loose(5). */
export function gitFolder(files: readonly DemoEntry[], path: string): readonly DemoEntry[] {
  const objects = files.flatMap(({ source }) => (source === undefined ? [] : [looseObject(readFileSync(source.path), path)]));
  return [
    fileEntry(`${path}/HEAD`, "ref: refs/heads/main\n"),
    fileEntry(`${path}/config`, "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"),
    ...objects,
  ];
}

function looseObject(content: Uint8Array, folder: string): DemoEntry {
  const object = Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]);
  const name = createHash("sha1").update(object).digest("hex");
  return fileEntry(`${folder}/objects/${name.slice(0, 2)}/${name.slice(2)}`, deflateSync(object, { level: 1 }), 0o444);
}
