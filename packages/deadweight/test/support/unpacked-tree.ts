import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";
import { run } from "./tools.ts";

/** What is at a path: type, mode, owner, time, attributes, content or target in one text, and what stands for all names of the file. */
interface UnpackedEntry {
  readonly text: string;
  readonly file: string;
}

/** A folder by path. */
export type UnpackedTree = Readonly<Record<string, UnpackedEntry>>;

// Python reads what deadweight has no part in. Names that are no UTF-8 come as surrogates, escaped by JSON.
const walk = `
import hashlib, json, os, stat, sys
root = os.fsencode(sys.argv[1])
found, firsts = {}, {}
def look(path):
    status = os.lstat(path)
    name = os.fsdecode(path[len(root) + 1:])
    mode = status.st_mode
    content = os.fsdecode(os.readlink(path)) if stat.S_ISLNK(mode) else ""
    if stat.S_ISREG(mode):
        with open(path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        content = str(status.st_rdev)
    attributes = {key: os.getxattr(path, key, follow_symlinks=False).hex() for key in sorted(os.listxattr(path, follow_symlinks=False))}
    text = " ".join([oct(mode), f"{status.st_uid}:{status.st_gid}", str(status.st_mtime_ns), json.dumps(attributes), content])
    found[name] = {"text": text, "file": firsts.setdefault(status.st_ino, name)}
for folder, folders, files in os.walk(root):
    folders.sort()
    for name in sorted(folders + files):
        look(os.path.join(folder, name))
json.dump(found, sys.stdout)
`;

/** The tree in a folder. */
export function treeIn(folder: string): UnpackedTree {
  return JSON.parse(run("python3", ["-c", walk, folder]).toString()) as UnpackedTree;
}

/** The tree that umoci unpacks from an OCI folder. */
export function treeByUmoci(layout: string): UnpackedTree {
  const folder = temporaryFolder();
  const bundle = join(folder, "bundle");
  try {
    run("umoci", ["unpack", "--image", layout, bundle]);
    return treeIn(join(bundle, "rootfs"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The tree that a container of the engine has, without what the engine puts there itself. */
export function treeByEngine(image: string): UnpackedTree {
  const folder = temporaryFolder();
  const [archive, tree] = [join(folder, "exported.tar"), join(folder, "exported")];
  const own = /^(?:\.dockerenv|dev|dev\/.*|proc|sys|etc|etc\/(?:hosts|hostname|resolv\.conf|mtab))$/;
  const container = run("docker", ["create", "--network", "none", image, "/-"]).toString().trim();
  try {
    run("docker", ["export", "--output", archive, container]);
    mkdirSync(tree);
    const exact = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--same-permissions"];
    run("tar", ["--extract", ...exact, "--directory", tree, "--file", archive]);
    return Object.fromEntries(Object.entries(treeIn(tree)).filter(([path]) => !own.test(path)));
  } finally {
    run("docker", ["rm", "--volumes", container]);
    rmSync(folder, { recursive: true });
  }
}

/** Paths that are not the same in both, or not one file with the same others. */
export function differingPaths(before: UnpackedTree, after: UnpackedTree): readonly string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const differing = new Set(paths.filter((path) => before[path]?.text !== after[path]?.text));
  const [old, now] = [before, after].map((tree) => namesOf(tree, differing));
  return paths.filter((path) => differing.has(path) || old?.get(path) !== now?.get(path)).sort();
}

/** By path all names of its file but those that differ anyway, as one text. */
function namesOf(tree: UnpackedTree, without: ReadonlySet<string>): ReadonlyMap<string, string> {
  const paths = Object.keys(tree).filter((path) => !without.has(path));
  const groups = Map.groupBy(paths, (path) => tree[path]?.file);
  return new Map(paths.map((path) => [path, (groups.get(tree[path]?.file) ?? []).sort().join("\n")]));
}

/** The manifest of the first image in an OCI folder. */
export function manifestIn(layout: string): {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly size: number }[];
} {
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: { digest: string }[] };
  const [{ digest } = { digest: "" }] = manifests;
  return JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8"));
}
