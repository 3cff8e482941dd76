import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildWith, contextWith, planOf } from "./building.ts";
import { tagBase } from "./e2e-base.ts";
import { docker, output } from "./engine.ts";
import { seededRandom } from "./random.ts";
import { isInstalled } from "./registry.ts";

/** Images that the set is built on. */
export type SetBase = "debian" | "tools" | "node" | "frontend" | "cuda" | "cudaBase";

const names: Readonly<Record<SetBase, string>> = {
  debian: "deadweight-set/debian:12",
  tools: "deadweight-set/tools:12",
  node: "deadweight-set/node:20",
  // The name in `# syntax=` of Dockerfiles that have heredocs.
  frontend: "docker/dockerfile:1",
  cuda: "nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04",
  cudaBase: "nvidia/cuda:12.1.0-base-ubuntu22.04",
};

/** Bytes that no compressor makes smaller, the same each time. */
export function randomBytesOf(size: number): Buffer {
  const random = seededRandom(size);
  return Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
}

/** Why a base can't be made here, or false. */
export function withoutBase(base: SetBase): string | false {
  if (!isInstalled("debootstrap") && base !== "frontend") return "debootstrap: not on this machine";
  if (base === "node" && !existsSync(npmFolder)) return "npm: not on this machine where Debian has it";
  if (base === "frontend" && !isInstalled("go")) return "go: not on this machine, to build BuildKit's frontend";
  return false;
}

/** Makes a base unless the engine has it. It stays there for the next run. */
export async function tagSetBase(base: SetBase): Promise<void> {
  const known = (await docker("image", "ls", "--quiet", names[base])).trim();
  if (known !== "") return;
  if (base === "debian") return tagBase(names.debian);
  if (base !== "frontend") await tagSetBase("debian");
  await {
    tools: makeTools,
    node: makeNode,
    frontend: makeFrontend,
    cuda: () => makeCuda("cuda"),
    cudaBase: () => makeCuda("cudaBase"),
  }[base]();
}

const install = "apt-get update && apt-get -o Acquire::Retries=3 install -y --no-install-recommends";
const clean = "rm -rf /var/lib/apt/lists/* /var/cache/apt/*";

async function make(base: SetBase, folder: string, text: string): Promise<void> {
  await buildWith(planOf(folder, text, { tags: [names[base]] }));
}

/** Python with pip and uv, curl, git. */
async function makeTools(): Promise<void> {
  const folder = contextWith({});
  const target = ["--python-version", "3.11", "--only-binary", ":all:", "--no-deps"];
  await output("pip3", ["download", "--quiet", "--disable-pip-version-check", ...target, "--dest", join(folder, "wheels"), "uv"]);
  const packages = "python3 python3-pip curl git";
  await make(
    "tools",
    folder,
    `FROM ${names.debian}
COPY wheels /wheels
RUN ${install} ${packages} && pip install --break-system-packages --no-cache-dir /wheels/*.whl && ${clean} && rm -rf /wheels
`,
  );
}

const npmFolder = "/usr/lib/node_modules/npm";

/** This machine's Node and npm. */
async function makeNode(): Promise<void> {
  const folder = contextWith({});
  mkdirSync(join(folder, "bin"));
  copyFileSync("/usr/bin/node", join(folder, "bin/node"));
  chmodSync(join(folder, "bin/node"), 0o755);
  cpSync(npmFolder, join(folder, "npm"), { recursive: true });
  const script = "usr/lib/node_modules/npm/bin/npm-cli.js";
  await make(
    "node",
    folder,
    `FROM ${names.debian}\nCOPY bin/node /usr/bin/node\nCOPY npm /${npmFolder.slice(1)}\nRUN ln -s /${script} /usr/bin/npm && chmod +x /${script} && npm --version\n`,
  );
}

/** BuildKit's own reader of Dockerfiles, which engines fetch that are older than heredocs. */
async function makeFrontend(): Promise<void> {
  const folder = contextWith({});
  const module = "github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend@v0.12.5";
  await output("go", ["install", module], { GOBIN: folder, CGO_ENABLED: "0", GOFLAGS: "-mod=mod" });
  await make(
    "frontend",
    folder,
    `FROM scratch
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
COPY dockerfile-frontend /bin/dockerfile-frontend
ENTRYPOINT ["/bin/dockerfile-frontend"]
`,
  );
}

/** Names and versions of packages of the real image, their libraries in small. */
const cudaPackages: readonly (readonly [name: string, version: string, library: string, bytes: number])[] = [
  ["cuda-cudart-12-1", "12.1.55-1", "libcudart.so.12", 300_000],
  ["libcublas-12-1", "12.1.0.26-1", "libcublas.so.12", 3_000_000],
  ["libcusparse-12-1", "12.0.2.55-1", "libcusparse.so.12", 1_000_000],
  ["libcudnn8", "8.9.0.131-1+cuda12.1", "libcudnn.so.8", 2_000_000],
];

/** A stand-in: Debian's system, and packages with the names of NVIDIA's. */
async function makeCuda(base: "cuda" | "cudaBase"): Promise<void> {
  const folder = contextWith({});
  const isBase = base === "cudaBase";
  for (const [name, version, library, bytes] of isBase ? cudaPackages.slice(0, 1) : cudaPackages) {
    const root = join(folder, name);
    const target = name === "libcudnn8" ? "usr/lib/x86_64-linux-gnu" : "usr/local/cuda-12.1/targets/x86_64-linux/lib";
    mkdirSync(join(root, target), { recursive: true });
    mkdirSync(join(root, "DEBIAN"));
    writeFileSync(join(root, target, library), randomBytesOf(bytes));
    const fields = {
      Package: name,
      Version: version,
      Architecture: "amd64",
      Maintainer: "a <a@example.org>",
      Description: "a stand-in",
    };
    const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}\n`);
    writeFileSync(join(root, "DEBIAN/control"), lines.join(""));
    await output("dpkg-deb", ["--root-owner-group", "--build", root, join(folder, `${name}.deb`)]);
  }
  await make(
    base,
    folder,
    `FROM ${names.debian}
ENV NVARCH=x86_64 CUDA_VERSION=12.1.0${isBase ? "" : " NV_CUDNN_VERSION=8.9.0.131"}
ENV PATH=/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY *.deb /debs/
RUN dpkg -i /debs/*.deb && ln -s cuda-12.1 /usr/local/cuda && rm -rf /debs
LABEL maintainer="NVIDIA CORPORATION <a@example.org>"
`,
  );
}
