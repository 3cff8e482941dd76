import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { caches } from "../../src/catalogers/caches.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { factsOf } from "../support/layers.ts";

/** Names of the caches that own a file, the deepest folder first. */
function ownersOf(path: string): readonly string[] {
  const tree = factsOf([[{ path, content: "x" }]]).get(fileTree);
  const owned: [depth: number, name: string][] = [];
  for (const { name, folders = [] } of caches.catalog([]).packages) {
    for (const pattern of folders) {
      for (const node of tree.globAll(pattern)) {
        const folder = tree.paths.path(node);
        if (`${path}/`.startsWith(`${folder}/`)) owned.push([folder.length, name]);
      }
    }
  }
  return [...new Set(owned.sort(([one], [other]) => other - one).map(([, name]) => name))];
}

suite("caches", () => {
  const cases: readonly (readonly [path: string, owner: string])[] = [
    ["root/.cache/pip/http-v2/0/1/a.body", "pip"],
    ["home/app/.cache/uv/archive-v0/x", "uv"],
    ["app/.cache/huggingface/hub/version.txt", "huggingface"],
    [".cache/matplotlib/fontlist.json", "matplotlib"],
    ["root/.npm/_cacache/index-v5/a", "npm"],
    ["usr/local/share/.cache/yarn/v6/a", "yarn"],
    ["root/.local/share/pnpm/store/v3/a", "pnpm"],
    ["opt/conda/pkgs/numpy-1.26.4-py311/info/index.json", "conda"],
    ["opt/miniconda3/pkgs/urls.txt", "conda"],
    ["root/miniconda3/pkgs/urls.txt", "conda"],
    ["var/lib/apt/lists/mirror.example_Packages.lz4", "apt-lists"],
    ["var/cache/apt/archives/curl.deb", "apt-archives"],
    ["var/cache/apt/pkgcache.bin", "apt-archives"],
    ["var/cache/apk/APKINDEX.1.tar.gz", "apk"],
    ["var/cache/dnf/x/repodata/a", "dnf"],
    ["var/cache/yum/x86_64/7/a", "dnf"],
    ["var/cache/zypp/raw/a", "zypper"],
    ["root/.cache/torch/hub/checkpoints/a.pth", "torch-hub"],
    ["root/.triton/cache/a/kernel.cubin", "triton"],
    ["root/.nv/ComputeCache/a/b", "cuda-compute"],
    ["tmp/torchinductor_root/a.py", "torch-inductor"],
    ["usr/local/cargo/registry/src/a.rs", "cargo"],
    ["root/go/pkg/mod/github.com/a", "go"],
    ["go/pkg/mod/github.com/a", "go"],
    ["usr/local/lib/ruby/gems/3.3.0/cache/a.gem", "gem"],
    ["root/.m2/repository/a.jar", "maven"],
    ["root/.ccache/0/a", "ccache"],
    ["root/.cache/whisper/large.pt", "user"],
  ];
  for (const [path, owner] of cases) test(`${path} is ${owner}'s`, () => assert.equal(ownersOf(path)[0], owner));

  const left = [
    "usr/share/pip/a",
    "var/lib/dpkg/status",
    "root/.npmrc",
    "opt/conda/lib/python3.11/a.py",
    "app/cache/a",
    "root/go/src/a.go",
  ];
  for (const path of left) test(`${path} is in no cache`, () => assert.deepEqual(ownersOf(path), []));

  test("all are of one kind, own folders alone, and have names of their own", () => {
    const { packages } = caches.catalog([]);
    assert.ok(packages.every(({ kind, paths }) => kind === "cache" && paths.length === 0));
    assert.equal(new Set(packages.map(({ name }) => name)).size, packages.length);
  });
});
