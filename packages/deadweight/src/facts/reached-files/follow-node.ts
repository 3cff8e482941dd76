import type { ByteString } from "../../lib/byte-string.ts";
import { folderOf, type Follow, type WalkContext } from "./walk-context.ts";

const endings = ["", ".js", ".json", ".node", ".cjs", ".mjs", "/index.js", "/index.json"];
const mostFolders = 40;
/** Where Debian and npm put packages for all programs: NODE_PATH of their builds. */
const global = [
  "usr/share/nodejs",
  "usr/lib/nodejs",
  "usr/share/javascript",
  "usr/local/lib/node_modules",
  "usr/lib/node_modules",
];

/** What a module of Node requires, nodejs.org/api/modules.html "All together", and files that it names. */
export const followNode: Follow = (context, entry) => {
  const { tree, read } = context;
  const folder = folderOf(tree.path(entry));
  return read.mentions(entry).flatMap((mention) => {
    if (mention.startsWith("/")) return [mention.slice(1)];
    const name = mention.slice(1);
    if (mention.startsWith("=")) return [`${folder}/${name}`];
    if (name.startsWith("node:") || mention.startsWith("^")) return [];
    return name.startsWith(".") ? asFile(context, `${folder}/${name}`) : asPackage(context, folder, name);
  });
};

/** A path as it stands, with an ending, or a folder with its own package.json. */
function asFile(context: WalkContext, path: ByteString): readonly ByteString[] {
  const { tree } = context;
  const found = endings
    .map((ending) => tree.resolve(`${path}${ending}`))
    .find((entry) => entry >= 0 && tree.type(entry) !== "directory");
  return [...(found === undefined ? [] : [tree.path(found)]), ...packageAt(context, path)];
}

/** What Node takes without package.json. */
const usual = /^=(?:\.\/)?(?:index(?:\.js)?)?$/;

/** The files that package.json says its modules begin with, and itself where that is not what Node would take anyway. */
function packageAt({ tree, read }: WalkContext, folder: ByteString): readonly ByteString[] {
  const entry = tree.resolve(`${folder}/package.json`);
  if (entry < 0) return [];
  const place = folderOf(tree.path(entry));
  const mentions = read.mentions(entry);
  const begins = mentions.flatMap((mention) => endings.map((ending) => `${place}/${mention.slice(1)}${ending}`));
  return [...(mentions.every((mention) => usual.test(mention)) ? [] : [tree.path(entry)]), ...begins];
}

function asPackage(context: WalkContext, folder: ByteString, name: ByteString): readonly ByteString[] {
  const places: ByteString[] = [];
  for (let at = folder; places.length < mostFolders; at = folderOf(at)) {
    places.push(at === "" ? "node_modules" : `${at}/node_modules`);
    if (at === "") break;
  }
  for (const place of [...places, ...global]) {
    const found = asFile(context, `${place}/${name}`);
    if (found.length > 0) return found;
  }
  return [];
}
