import { defineCataloger, type Cataloger } from "../contracts/cataloger.ts";
import type { ByteString } from "../lib/byte-string.ts";

/** Where a user's home may be: `/root`, `/home/NAME`, `/app`, and `/` for a user without one. */
const homes = ["", "*/", "*/*/"];

/** Caches below a home. `.cache` is the XDG base directory; each tool's manual names the rest. */
const belowHome: Readonly<Record<string, readonly string[]>> = {
  pip: [".cache/pip"],
  uv: [".cache/uv"],
  poetry: [".cache/pypoetry"],
  pipenv: [".cache/pipenv"],
  pdm: [".cache/pdm"],
  npm: [".npm/_cacache", ".npm/_logs", ".npm/_npx", ".npm/_update-notifier-last-checked"],
  yarn: [".cache/yarn", ".yarn/berry/cache", ".yarn-cache"],
  pnpm: [".cache/pnpm", ".local/share/pnpm/store", ".pnpm-store"],
  bun: [".bun/install/cache"],
  deno: [".cache/deno"],
  conda: [
    ".conda/pkgs",
    ".mamba/pkgs",
    "micromamba/pkgs",
    "miniconda*/pkgs",
    "anaconda*/pkgs",
    "mambaforge/pkgs",
    "miniforge*/pkgs",
  ],
  huggingface: [".cache/huggingface"],
  "torch-hub": [".cache/torch"],
  triton: [".triton/cache", ".triton/dump"],
  "cuda-compute": [".nv/ComputeCache"],
  matplotlib: [".cache/matplotlib"],
  fontconfig: [".cache/fontconfig"],
  cargo: [".cargo/registry", ".cargo/git"],
  go: ["go/pkg/mod", ".cache/go-build"],
  gem: [".gem/specs", ".bundle/cache", ".cache/gem"],
  maven: [".m2/repository"],
  gradle: [".gradle/caches"],
  composer: [".composer/cache", ".cache/composer"],
  nuget: [".nuget/packages", ".local/share/NuGet"],
  ccache: [".ccache", ".cache/ccache", ".cache/sccache"],
  bazel: [".cache/bazel", ".cache/bazelisk"],
  user: [".cache"],
};

/** Caches with one place in the system, by the tools' manuals and the settings of the official images. */
const inSystem: Readonly<Record<string, readonly string[]>> = {
  "apt-lists": ["var/lib/apt/lists"],
  "apt-archives": ["var/cache/apt"],
  apk: ["var/cache/apk", "etc/apk/cache"],
  dnf: ["var/cache/dnf", "var/cache/libdnf5", "var/cache/yum"],
  zypper: ["var/cache/zypp"],
  pacman: ["var/cache/pacman/pkg"],
  yarn: ["usr/local/share/.cache/yarn"],
  conda: ["opt/conda/pkgs", "opt/*conda*/pkgs", "opt/*mamba*/pkgs", "opt/miniforge*/pkgs", "usr/local/*conda*/pkgs"],
  cargo: ["usr/local/cargo/registry", "usr/local/cargo/git"],
  gem: ["usr/local/bundle/cache", "usr/local/lib/ruby/gems/*/cache", "var/lib/gems/*/cache"],
  "torch-inductor": ["tmp/torchinductor_*"],
  fontconfig: ["var/cache/fontconfig"],
  man: ["var/cache/man"],
  ldconfig: ["var/cache/ldconfig"],
};

/** What tools keep only to be faster the next time. It reads no file: the folders are the same for every image. */
export const caches: Cataloger = defineCataloger({
  name: "caches",
  precedence: 80,
  wants: [],
  catalog: () => ({
    packages: [...new Set([...Object.keys(belowHome), ...Object.keys(inSystem)])].map((name) => ({
      kind: "cache",
      name,
      paths: [],
      folders: foldersOf(name),
    })),
  }),
});

/** Patterns as `FileTree.glob` has them. */
function foldersOf(name: string): readonly ByteString[] {
  const users = belowHome[name] ?? [];
  return [...(inSystem[name] ?? []), ...homes.flatMap((home) => users.map((folder) => home + folder))];
}
