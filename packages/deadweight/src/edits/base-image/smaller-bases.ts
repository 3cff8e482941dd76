import type { BuildDifferences, ProposedSaving } from "../../contracts/edit.ts";
import { cudaReleases } from "./cuda-releases.ts";

/** What a smaller base lacks: the toolkit's compilers and headers, its libraries, what Debian's buildpack has, or documents and
 * translations, which Debian's slim images leave out of all packages. */
export type Lack = "toolkit" | "cuda-libraries" | "buildpack" | "documents";

/** A base image that has the same in less. */
export interface SmallerBase {
  readonly reference: string;
  /** What it is in a sentence: `NVIDIA's runtime flavour`. */
  readonly title: string;
  readonly lacks: readonly Lack[];
  /** Whether it sets a variable as the larger one does. */
  readonly gives: (variable: string) => boolean;
  /** Variables that only tell of what it lacks: they may go. */
  readonly describes: RegExp;
  /** Labels of that kind. */
  readonly labels?: RegExp;
  /** The larger one's entry point, which only prints and goes on: it has none. */
  readonly entryPoint?: string;
  /** Variables that it does not set, whose values in the larger one are known without the image. */
  readonly known: ReadonlyMap<string, string>;
  /** Programs that it lacks beside those of Debian's buildpack, with the packages that bring them. */
  readonly programs?: Readonly<Record<string, string>>;
  /** In what files of both differ. */
  readonly differences?: BuildDifferences;
  readonly estimate: ProposedSaving;
}

/** The smaller ones of an image by its reference, the smallest first; undefined for an image that is not known to have any. */
export function smallerBases(reference: string): readonly SmallerBase[] | { readonly unknown: string } | undefined {
  if (reference.includes("@"))
    return hasKnownName(reference) ? { unknown: "the digest pins an image whose flavours have others" } : undefined;
  const [, path = "", tag = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(reference) ?? [];
  if (/(?:^|\/)nvidia\/cuda$/.test(path)) return smallerCuda(path, tag);
  if (/(?:^|\/)pytorch\/pytorch$/.test(path)) return smallerPytorch(path, tag);
  const [, official] = /^(?:[\w-]+[.:][\w.:-]*\/)?(?:library\/)?(python|node|debian)$/.exec(path) ?? [];
  if (official === "python") return smallerPython(path, tag);
  if (official === "node") return smallerNode(path, tag);
  return official === "debian" ? smallerDebian(path, tag) : undefined;
}

function hasKnownName(reference: string): boolean {
  return /(?:^|\/)(?:nvidia\/cuda:.*(?:devel|runtime)|pytorch\/pytorch:.*-devel|(?:python|node):(?!.*(?:slim|alpine)))/.test(
    reference,
  );
}

// NVIDIA's Dockerfiles: devel is built on runtime, and that on base. What base sets, both have.
const ofBaseFlavour =
  /^(?:PATH|LD_LIBRARY_PATH|NVARCH|CUDA_VERSION|NVIDIA_(?:REQUIRE_\w+|VISIBLE_DEVICES|DRIVER_CAPABILITIES)|NV_CUDA_(?:CUDART_VERSION|COMPAT_PACKAGE))$/;
const ofToolkit = /^NV_\w*(?:_DEV(?:_|$)|NSIGHT|NVPROF|NVML)|^LIBRARY_PATH$/;
const ofLibraries = /^NV_|^(?:NCCL_VERSION|CUDNN_VERSION|NVIDIA_PRODUCT_NAME|LIBRARY_PATH)$/;
const entryPoint = "/opt/nvidia/nvidia_entrypoint.sh";

// docker images of nvidia/cuda 11.7 to 12.6 as users list them: devel 3.7 to 4.7 GB above runtime, runtime 1.8 to 2.4 GB above base, cuDNN 0.9 GB.
const source = "the lower end of what users' listings of these images show";

function smallerCuda(path: string, tag: string): readonly SmallerBase[] | { readonly unknown: string } | undefined {
  const [, cuda = "", cudnn, flavour, system = ""] = /^(\d[\d.]*)-(?:(cudnn\d?)-)?(runtime|devel)-(\w+[\d.]*)$/.exec(tag) ?? [];
  if (flavour === undefined) return undefined;
  const release = cudaReleases[system]?.find((line) => line.startsWith(`${cuda} `));
  const [, flavours = "", nccl] = release?.split(" ") ?? [];
  const isKnown = release !== undefined && (cudnn === undefined || flavours.split("+").includes(cudnn));
  if (!isKnown)
    return {
      unknown: `nvidia/cuda:${tag} is in no list of NVIDIA's images here, so its smaller flavours are not known to exist`,
    };
  const libraryPath = ["LIBRARY_PATH", "/usr/local/cuda/lib64/stubs"] as const;
  const runtimeLacks = flavour === "devel" ? (["toolkit"] as const) : [];
  const toolkitBytes = flavour === "devel" ? 3_700_000_000 + (cudnn === undefined ? 0 : 1_000_000_000) : 0;
  const base: SmallerBase = {
    reference: `${path}:${cuda}-base-${system}`,
    title: "NVIDIA's base flavour",
    lacks: [...runtimeLacks, "cuda-libraries"],
    gives: (variable) => ofBaseFlavour.test(variable),
    describes: ofLibraries,
    labels: /^com\.nvidia\.cudnn\.version$/,
    entryPoint,
    known: new Map([
      ...(nccl === undefined ? [] : [["NCCL_VERSION", nccl] as const]),
      ["NVIDIA_PRODUCT_NAME", "CUDA"],
      ...(flavour === "devel" ? [libraryPath] : []),
    ]),
    estimate: { bytes: toolkitBytes + 1_800_000_000 + (cudnn === undefined ? 0 : 900_000_000), source },
  };
  if (flavour === "runtime") return [base];
  return [
    base,
    {
      reference: `${path}:${cuda}-${cudnn === undefined ? "" : `${cudnn}-`}runtime-${system}`,
      title: "NVIDIA's runtime flavour",
      lacks: ["toolkit"],
      gives: (variable) => !ofToolkit.test(variable),
      describes: ofToolkit,
      known: new Map([libraryPath]),
      estimate: { bytes: toolkitBytes, source },
    },
  ];
}

/** PyTorch's runtime image is built on Ubuntu, its devel image on NVIDIA's: pytorch/pytorch, Dockerfile. */
function smallerPytorch(path: string, tag: string): readonly SmallerBase[] | undefined {
  if (!/^\d[\w.]*-cuda[\d.]+-cudnn\d+-devel$/.test(tag)) return undefined;
  const gives = /^(?:LD_LIBRARY_PATH|NVIDIA_(?:VISIBLE_DEVICES|DRIVER_CAPABILITIES)|PYTORCH_VERSION)$/;
  return [
    {
      reference: `${path}:${tag.replace(/devel$/, "runtime")}`,
      title: "PyTorch's runtime flavour",
      lacks: ["toolkit", "cuda-libraries"],
      gives: (variable) => gives.test(variable),
      describes: ofLibraries,
      labels: /^com\.nvidia\./,
      entryPoint,
      known: new Map(),
      estimate: { bytes: 6_700_000_000, source: "users' listings of these images: 13.2 and 6.4 GB for PyTorch 2.0" },
    },
  ];
}

const release = "(?:-(?:buster|bullseye|bookworm|trixie))?";

// debuerreotype's slim variant: dpkg is told to leave out documents. apt has nothing to note where nothing was installed, and
// openssh-client of the buildpack adds a group.
const slimDifferences: BuildDifferences = {
  free: ["etc/dpkg/dpkg.cfg.d/docker", "var/lib/apt/extended_states", "run/**", "etc/group-", "etc/gshadow-"],
  rewritten: ["etc/group", "etc/gshadow"],
};

const slim = {
  title: "the slim image of the same release",
  gives: () => true,
  describes: /^$/,
  known: new Map<string, string>(),
  differences: slimDifferences,
};

// docker-library builds Python for each of its images: slim's is linked without symbols.
const ownPython = [
  "bin/python*",
  "lib/libpython*",
  "lib/python*/lib-dynload/**",
  "lib/python*/config-*/**",
  "lib/python*/_sysconfigdata*",
];

/** Tags such as 3.11, 3.11.9-bookworm, 3 and latest; the slim one is of the same release of Debian. */
function smallerPython(path: string, tag: string): readonly SmallerBase[] | undefined {
  const [, version, system = ""] = new RegExp(`^(\\d[\\d.]*(?:rc\\d+)?)(${release})$`).exec(tag) ?? [];
  const name = tag === "latest" ? "slim" : version === undefined ? undefined : `${version}-slim${system}`;
  if (name === undefined) return undefined;
  const rewritten = [...(slimDifferences.rewritten ?? []), ...ownPython.map((one) => `usr/local/${one}`)];
  return [
    {
      ...slim,
      reference: `${path}:${name}`,
      lacks: ["buildpack", "documents"],
      differences: { ...slimDifferences, rewritten },
      estimate: {
        bytes: 900_000_000,
        compressedBytes: 331_000_000,
        source: "manifests of the official images: 379.0 and 47.8 MB compressed for 3.11 on bookworm, about 0.9 GB unpacked",
      },
    },
  ];
}

// Mercurial of the buildpack needs it, and so does node-gyp.
const buildpackPython = { python3: "python3", "node-gyp": "node-gyp" };

/** Tags such as 20, 20.11.1-bookworm, lts and latest. */
function smallerNode(path: string, tag: string): readonly SmallerBase[] | undefined {
  const [, version, system = ""] = new RegExp(`^(\\d[\\d.]*|lts|current)(${release})$`).exec(tag) ?? [];
  const name = tag === "latest" ? "slim" : version === undefined ? undefined : `${version}${system}-slim`;
  if (name === undefined) return undefined;
  const estimate = {
    bytes: 800_000_000,
    compressedBytes: 300_000_000,
    source: "what the same build environment is in python's images",
  };
  return [{ ...slim, reference: `${path}:${name}`, lacks: ["buildpack", "documents"], programs: buildpackPython, estimate }];
}

/** Tags such as bookworm, 12, 12.5 and bookworm-20240101. */
function smallerDebian(path: string, tag: string): readonly SmallerBase[] | undefined {
  if (!/^(?:\d+(?:\.\d+)?|stable|testing|sid|buster|bullseye|bookworm|trixie)(?:-\d{8})?$/.test(tag)) return undefined;
  const estimate = {
    bytes: 40_000_000,
    compressedBytes: 19_500_000,
    source: "first layers of the official images: 48.5 and 28.2 MB compressed on bookworm",
  };
  return [{ ...slim, reference: `${path}:${tag}-slim`, lacks: ["documents"], estimate }];
}
