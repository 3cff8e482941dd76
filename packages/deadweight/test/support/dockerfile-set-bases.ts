import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildWith, contextWith, planOf } from "./building.ts";
import { tagBase } from "./e2e-base.ts";
import { docker, output } from "./engine.ts";
import { seededRandom } from "./random.ts";
import { isInstalled } from "./registry.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Images that the set is built on. */
export type SetBase =
  | "debian"
  | "tools"
  | "node"
  | "frontend"
  | "cuda"
  | "cudaBase"
  | "debianFull"
  | "debianSlim"
  | "nodeFull"
  | "nodeSlim"
  | "pythonFull"
  | "pythonSlim";

const names: Readonly<Record<SetBase, string>> = {
  debian: "deadweight-set/debian:12",
  tools: "deadweight-set/tools:12",
  node: "deadweight-set/node:20",
  // The name in `# syntax=` of Dockerfiles that have heredocs.
  frontend: "docker/dockerfile:1",
  cuda: "nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04",
  cudaBase: "nvidia/cuda:12.1.0-base-ubuntu22.04",
  debianFull: "mirror.example/debian:bookworm",
  debianSlim: "mirror.example/debian:bookworm-slim",
  nodeFull: "mirror.example/node:20-bookworm",
  nodeSlim: "mirror.example/node:20-bookworm-slim",
  pythonFull: "mirror.example/python:3.11-bookworm",
  pythonSlim: "mirror.example/python:3.11-slim-bookworm",
};

/** Bytes that no compressor makes smaller, the same each time. */
export function randomBytesOf(size: number): Buffer {
  const random = seededRandom(size);
  return Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
}

/** Why a base can't be made here, or false. */
export function withoutBase(base: SetBase): string | false {
  if (!isInstalled("debootstrap") && base !== "frontend") return "debootstrap: not on this machine";
  if (base.startsWith("node") && !existsSync(npmFolder)) return "npm: not on this machine where Debian has it";
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
    debianFull: makeDebianFull,
    debianSlim: makeDebianSlim,
    nodeFull: () => makeOfficialNode("nodeFull"),
    nodeSlim: () => makeOfficialNode("nodeSlim"),
    pythonFull: () => makeOfficialPython("pythonFull"),
    pythonSlim: () => makeOfficialPython("pythonSlim"),
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

/** A folder with this machine's Node and npm. */
function nodeFolder(): string {
  const folder = contextWith({});
  mkdirSync(join(folder, "bin"));
  copyFileSync("/usr/bin/node", join(folder, "bin/node"));
  chmodSync(join(folder, "bin/node"), 0o755);
  cpSync(npmFolder, join(folder, "npm"), { recursive: true });
  return folder;
}

const npmScript = "lib/node_modules/npm/bin/npm-cli.js";

/** This machine's Node and npm, where Debian has them. */
async function makeNode(): Promise<void> {
  await make(
    "node",
    nodeFolder(),
    `FROM ${names.debian}\nCOPY bin/node /usr/bin/node\nCOPY npm /${npmFolder.slice(1)}\nRUN ln -s /usr/${npmScript} /usr/bin/npm && chmod +x /usr/${npmScript} && npm --version\n`,
  );
}

const buildpack = "gcc git libc6-dev libglib2.0-dev libsqlite3-dev openssh-client shared-mime-info";

const sources = "gcc libc6-dev make dpkg-dev xz-utils libssl-dev libsqlite3-dev zlib1g-dev libffi-dev libbz2-dev liblzma-dev";

/** CPython of Debian's sources, built and installed as in the official images; another build of it on a slim Debian, with the libraries that it needs. */
async function makeOfficialPython(base: "pythonFull" | "pythonSlim"): Promise<void> {
  const isSlim = base === "pythonSlim";
  const below = isSlim ? "debianSlim" : "debianFull";
  await tagSetBase(below);
  const needed = "ca-certificates libbz2-1.0 libffi8 liblzma5 libsqlite3-0 libssl3 netbase tzdata zlib1g";
  await make(
    base,
    contextWith({}),
    `FROM ${names.debianFull} AS python
RUN sed -i "p;s/^deb /deb-src /" /etc/apt/sources.list && ${install} ${sources}
RUN cd /tmp && apt-get source --download-only python3.11 && tar -xf python3.11_*.orig.tar.* && cd Python-3.11* && \\
    ./configure --enable-shared --with-ensurepip LDFLAGS=-Wl,-rpath,/usr/local/lib CFLAGS=-O1 >/dev/null && \\
    (make -j2 && make install) >/dev/null 2>&1 && rm -rf /usr/local/lib/python3.11/test && find /usr/local -name __pycache__ -exec rm -rf {} +
FROM ${names[below]}
${isSlim ? "" : `RUN ${install} ${buildpack} && ${clean}\n`}ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
RUN ${install} ${needed} && ${clean}
COPY --from=python /usr/local /usr/local
RUN ${isSlim ? "echo slim >> /usr/local/bin/python3.11 && " : ""}ln -s python3 /usr/local/bin/python && ln -s pip3 /usr/local/bin/pip && python -c "import ssl, sqlite3"
CMD ["python3"]
`,
  );
}

/** Node where the official images have it; on some of Debian's buildpack, or on a slim Debian. */
async function makeOfficialNode(base: "nodeFull" | "nodeSlim"): Promise<void> {
  const below = base === "nodeFull" ? "debianFull" : "debianSlim";
  await tagSetBase(below);
  const packed = base === "nodeFull" ? `RUN ${install} ${buildpack} && ${clean}\n` : "";
  await make(
    base,
    nodeFolder(),
    `FROM ${names[below]}
${packed}RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION=20.0.0
COPY bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../${npmScript} /usr/local/bin/npm && chmod +x /usr/local/${npmScript} && npm --version
CMD ["node"]
`,
  );
}

/** Debian's system, whose apt keeps nothing, as in official images. */
async function makeDebianFull(): Promise<void> {
  const paths = "/var/cache/apt/archives/*.deb /var/cache/apt/*.bin";
  const lines = [`DPkg::Post-Invoke { "rm -f ${paths} || true"; };`, 'Dir::Cache::pkgcache "";', 'Dir::Cache::srcpkgcache "";'];
  const text = `FROM ${names.debian}\nCOPY docker-clean /etc/apt/apt.conf.d/docker-clean\nCMD ["bash"]\n`;
  await make("debianFull", contextWith({ "docker-clean": `${lines.join("\n")}\n` }), text);
}

/** Debian's system as debuerreotype makes it slim: without documents, and dpkg told to leave them out. */
async function makeDebianSlim(): Promise<void> {
  await tagSetBase("debianFull");
  const folder = temporaryFolder();
  const [archive, root] = [join(folder, "system.tar"), join(folder, "root")];
  mkdirSync(root);
  // A container's export has what the engine puts into it besides.
  await docker("save", "--output", archive, names.debianFull);
  await output("tar", ["--extract", "--file", archive, "--directory", folder]);
  const [{ Layers: layers = [] } = {}] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
    Layers?: string[];
  }[];
  for (const layer of layers)
    await output("tar", [
      "--extract",
      "--numeric-owner",
      "--same-permissions",
      "--file",
      join(folder, layer),
      "--directory",
      root,
    ]);
  const excluded = ["doc", "info", "locale", "man", "lintian/overrides"].map((name) => `usr/share/${name}`);
  const kept = ["*/copyright", "*/locale.alias"].flatMap((name) => ["-not", "-path", name]);
  const paths = excluded.map((path) => join(root, path));
  await output("find", [...paths, "-mindepth", "1", "-not", "-type", "d", ...kept, "-delete"]);
  await output("find", [...paths, "-mindepth", "1", "-type", "d", "-empty", "-delete"]);
  const lines = [...excluded.map((path) => `path-exclude /${path}/*`), "path-include /usr/share/doc/*/copyright"];
  writeFileSync(join(root, "etc/dpkg/dpkg.cfg.d/docker"), `${lines.join("\n")}\n`);
  await output("tar", ["--create", "--numeric-owner", "--file", `${archive}.slim`, "--directory", root, "."]);
  await docker("import", "--change", 'CMD ["bash"]', `${archive}.slim`, names.debianSlim);
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
const cudaPackages: Readonly<Record<"cuda" | "cudaBase", readonly StandInPackage[]>> = {
  cudaBase: [
    { name: "cuda-cudart-12-1", version: "12.1.55-1", library: "libcudart.so.12", bytes: 300_000 },
    { name: "cuda-compat-12-1", version: "530.30.02-1", library: "libcuda.so.530.30.02", bytes: 200_000 },
  ],
  cuda: [
    { name: "libcublas-12-1", version: "12.1.0.26-1", library: "libcublas.so.12", bytes: 3_000_000 },
    { name: "libcusparse-12-1", version: "12.0.2.55-1", library: "libcusparse.so.12", bytes: 1_000_000 },
    { name: "libnpp-12-1", version: "12.0.2.50-1", library: "libnppc.so.12", bytes: 500_000 },
    { name: "libnccl2", version: "2.17.1-1+cuda12.1", library: "libnccl.so.2", bytes: 500_000 },
    { name: "libcudnn8", version: "8.8.1.3-1+cuda12.1", library: "libcudnn.so.8", bytes: 2_000_000 },
  ],
};

interface StandInPackage {
  readonly name: string;
  readonly version: string;
  readonly library: string;
  readonly bytes: number;
}

const ofSystem: ReadonlySet<string> = new Set(["libnccl2", "libcudnn8"]);

async function packStandIn(folder: string, { name, version, library, bytes }: StandInPackage): Promise<void> {
  const root = join(folder, name);
  const target = ofSystem.has(name) ? "usr/lib/x86_64-linux-gnu" : "usr/local/cuda-12.1/targets/x86_64-linux/lib";
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

/** Stand-ins: Debian's system, packages with the names of NVIDIA's, and the settings of NVIDIA's Dockerfiles; runtime is built on base. */
async function makeCuda(base: "cuda" | "cudaBase"): Promise<void> {
  const isBase = base === "cudaBase";
  if (!isBase) await tagSetBase("cudaBase");
  const folder = contextWith({ "nvidia_entrypoint.sh": entryPoint, "entrypoint.d/10-banner.sh": banner });
  for (const one of cudaPackages[base]) await packStandIn(folder, one);
  await make(base, folder, isBase ? cudaBaseText : cudaRuntimeText);
}

const cudaBaseText = `FROM ${names.debian}
ENV NVARCH=x86_64 NV_CUDA_CUDART_VERSION=12.1.55-1 NV_CUDA_COMPAT_PACKAGE=cuda-compat-12-1 CUDA_VERSION=12.1.0
ENV NVIDIA_REQUIRE_CUDA="cuda>=12.1 brand=tesla,driver>=470,driver<471 brand=unknown,driver>=470,driver<471"
LABEL maintainer="NVIDIA CORPORATION <a@example.org>"
RUN --mount=type=bind,target=/debs dpkg -i /debs/*.deb && ln -s cuda-12.1 /usr/local/cuda
ENV PATH=/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
`;

const cudaRuntimeText = `FROM ${names.cudaBase}
ENV NV_CUDA_LIB_VERSION=12.1.0-1 NV_NVTX_VERSION=12.1.66-1 NV_LIBNPP_VERSION=12.0.2.50-1 NV_LIBNPP_PACKAGE=libnpp-12-1=12.0.2.50-1
ENV NV_LIBCUSPARSE_VERSION=12.0.2.55-1 NV_LIBCUBLAS_PACKAGE_NAME=libcublas-12-1 NV_LIBCUBLAS_VERSION=12.1.0.26-1
ENV NV_LIBCUBLAS_PACKAGE=libcublas-12-1=12.1.0.26-1 NV_LIBNCCL_PACKAGE_NAME=libnccl2 NV_LIBNCCL_PACKAGE_VERSION=2.17.1-1
ENV NCCL_VERSION=2.17.1-1 NV_LIBNCCL_PACKAGE=libnccl2=2.17.1-1+cuda12.1 NVIDIA_PRODUCT_NAME=CUDA
ENV NV_CUDNN_VERSION=8.8.1.3 NV_CUDNN_PACKAGE_NAME=libcudnn8 NV_CUDNN_PACKAGE=libcudnn8=8.8.1.3-1+cuda12.1
LABEL com.nvidia.cudnn.version=8.8.1.3
RUN --mount=type=bind,target=/debs dpkg -i /debs/*.deb && apt-mark hold libcublas-12-1 libnccl2 libcudnn8
COPY entrypoint.d/ /opt/nvidia/entrypoint.d/
COPY nvidia_entrypoint.sh /opt/nvidia/
RUN chmod +x /opt/nvidia/nvidia_entrypoint.sh
ENTRYPOINT ["/opt/nvidia/nvidia_entrypoint.sh"]
`;

const entryPoint = `#!/bin/sh
for part in /opt/nvidia/entrypoint.d/*.sh; do . "$part"; done
exec "$@"
`;

const banner = `echo "== $NVIDIA_PRODUCT_NAME version $CUDA_VERSION =="
test -e /dev/nvidiactl || { export NVIDIA_CPU_ONLY=1; echo "WARNING: The NVIDIA Driver was not detected."; }
`;
