import assert from "node:assert/strict";
import { test } from "node:test";
import { baseImage } from "../../src/edits/base-image.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import type { Facts } from "../../src/contracts/fact.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";
import { edited, proposalsOf, type EditWorld } from "../support/editing.ts";
import type { ImageConfig } from "../../src/model/image.ts";
import { debianEntries, pythonEntries } from "../support/installed.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";

const gcc = "RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*";

function from(text: string, world: EditWorld = {}): string {
  return edited(baseImage, `${text}\n`, world).trimEnd();
}

function notes(text: string, world: EditWorld = {}): readonly string[] {
  return proposalsOf(baseImage, `${text}\n`, world).notes.map(({ message }) => message);
}

test("the smallest flavour that does is taken, and the same release of it", () => {
  const truth: readonly (readonly [string, string])[] = [
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN true", "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN true"],
    ["FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04\nRUN true", "FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04\nRUN true"],
    [
      "FROM nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04\nRUN pip install torch==2.5.1 fastapi",
      "FROM nvidia/cuda:12.1.0-base-ubuntu22.04\nRUN pip install torch==2.5.1 fastapi",
    ],
    [
      "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS app\nRUN pip install torch",
      `FROM nvidia/cuda:12.4.1-base-ubuntu22.04 AS app\n${gcc}\nRUN pip install torch`,
    ],
    [
      "FROM registry.example/nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN apt-get install -y gcc && pip install torch",
      "FROM registry.example/nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN apt-get install -y gcc && pip install torch",
    ],
    ["FROM python:3.11\nRUN pip install fastapi", "FROM python:3.11-slim\nRUN pip install fastapi"],
    ["FROM python:3.11.9-bookworm\nRUN true", "FROM python:3.11.9-slim-bookworm\nRUN true"],
    ["FROM python\nRUN true", "FROM python:slim\nRUN true"],
    ["FROM node:20\nRUN npm ci", "FROM node:20-slim\nRUN npm ci"],
    ["FROM node:20.11.1-bookworm\nRUN npm ci", "FROM node:20.11.1-bookworm-slim\nRUN npm ci"],
    ["FROM node:lts\nRUN npm ci", "FROM node:lts-slim\nRUN npm ci"],
    ["FROM node\nRUN npm ci", "FROM node:slim\nRUN npm ci"],
    ["FROM debian:bookworm\nRUN true", "FROM debian:bookworm-slim\nRUN true"],
    ["FROM debian:12.5\nRUN true", "FROM debian:12.5-slim\nRUN true"],
    ["FROM debian:trixie-20250811\nRUN true", "FROM debian:trixie-20250811-slim\nRUN true"],
    ["FROM mirror.example:5000/library/python:3.12\nRUN true", "FROM mirror.example:5000/library/python:3.12-slim\nRUN true"],
    [
      "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel\nRUN pip install fastapi",
      "FROM pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime\nRUN pip install fastapi",
    ],
    [
      "FROM python:3.11 AS base\nFROM base AS builder\nRUN pip install x\nFROM base\nCOPY --from=builder /app /app",
      "FROM python:3.11-slim AS base\nFROM base AS builder\nRUN pip install x\nFROM base\nCOPY --from=builder /app /app",
    ],
  ];
  for (const [before, after] of truth) assert.equal(from(before), after);
});

test("a base that arguments give is changed where its flavour is written", () => {
  const truth: readonly (readonly [string, string])[] = [
    ["ARG V=3.11\nFROM python:${V}", "ARG V=3.11\nFROM python:${V}-slim"],
    ["ARG V=3.11\nFROM python:$V-bookworm", "ARG V=3.11\nFROM python:$V-slim-bookworm"],
    ["ARG BASE=python:3.11\nFROM ${BASE}", "ARG BASE=python:3.11-slim\nFROM ${BASE}"],
    ['ARG A=1 BASE="python:3.11" B=2\nFROM $BASE AS x', 'ARG A=1 BASE="python:3.11-slim" B=2\nFROM $BASE AS x'],
    [
      "ARG CUDA=12.4.1\nARG KIND=devel\nFROM nvidia/cuda:${CUDA}-${KIND}-ubuntu22.04",
      "ARG CUDA=12.4.1\nARG KIND=runtime\nFROM nvidia/cuda:${CUDA}-${KIND}-ubuntu22.04",
    ],
  ];
  for (const [before, after] of truth) assert.equal(from(before), after);
  const [proposal] = proposalsOf(baseImage, "ARG BASE=python:3.11\nFROM ${BASE}\n").proposals;
  assert.match(proposal?.reason ?? "", /--build-arg BASE wins/);
});

test("what compiles, calls or copies something of the larger base keeps it, and a note says why", () => {
  const truth: readonly (readonly [string, RegExp])[] = [
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN nvcc -o x x.cu", /nvcc runs in line 2/],
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install flash-attn", /flash-attn is built from source/],
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install -e .", /built from source/],
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nENV TORCH_CUDA_ARCH_LIST=8.6", /names TORCH_CUDA_ARCH_LIST/],
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install vllm", /vllm compiles with the CUDA toolkit/],
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN ./install.sh", /the script .\/install.sh may compile/],
    ["FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install -r requirements.txt", /requirements.txt can't be read/],
    [
      "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN pip install torch onnxruntime-gpu",
      /onnxruntime-gpu loads the system's CUDA/,
    ],
    ["FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN true", /nothing is known to bring CUDA/],
    ["FROM nvidia/cuda:99.4.1-devel-ubuntu22.04\nRUN true", /in no list/],
    ["FROM python:3.11\nRUN git clone https://host.example/x", /git is called in line 2/],
    ["FROM python:3.11\nRUN pip install git+https://host.example/x", /built from source|git is called/],
    ["FROM python:3.11\nHEALTHCHECK CMD curl -f localhost", /curl is called in line 2/],
    ["FROM python:3.11\nRUN gcc x.c", /gcc runs in line 2/],
    ["FROM python:3.11 AS a\nRUN true\nFROM a\nCOPY --from=a /usr/lib/x /y", /line 4 copies system files/],
    ["FROM python:3.11@sha256:aa\nRUN true", /digest/],
    ["FROM node:20\nRUN npm ci && npm rebuild", /npm rebuild runs in line 2/],
    ["FROM node:20\nRUN python3 -m x", /python3 is called in line 2/],
    ["FROM debian:bookworm\nRUN apt-get install -y man-db", /line 2 names man-db/],
    ["FROM debian:bookworm\nCMD cat /usr/share/doc/x/README", /line 2 names \/usr\/share\/doc/],
    ["ARG BASE=python:3.11\nFROM $BASE\nARG BASE\nRUN echo $BASE", /BASE is used elsewhere/],
  ];
  for (const [text, note] of truth) {
    assert.equal(from(text), text);
    assert.match(notes(text).join("\n"), note, text);
  }
});

test("what has no smaller flavour is no matter of it", () => {
  for (const base of [
    "python:3.11-slim",
    "python:3.11-alpine",
    "node:20-slim",
    "node:20-alpine",
    "debian",
    "debian:bookworm-slim",
    "debian:bookworm-backports",
    "scratch",
    "someone/python:3.11",
    "nvidia/cuda:12.4.1-base-ubuntu22.04",
  ]) {
    const { proposals, notes: said } = proposalsOf(baseImage, `FROM ${base}\nRUN true\n`);
    assert.deepEqual([proposals, said], [[], []], base);
  }
});

test("requirements of the build context are read", () => {
  const text =
    "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nCOPY requirements.txt /app/\nRUN pip install -r /app/requirements.txt";
  assert.match(from(text, { files: { "requirements.txt": "torch==2.5.1\nfastapi # x\n" } }), /12\.4\.1-base/);
  assert.equal(from(text, { files: { "requirements.txt": "torch==2.5.1\nctranslate2\n" } }), text);
});

test("programs that an install brings before are not missed", () => {
  const text = "FROM python:3.11\nRUN apt-get install -y git && git clone https://host.example/x\nHEALTHCHECK CMD git --version";
  assert.match(from(text), /^FROM python:3\.11-slim\n/);
});

test("a variable that the larger base sets goes along where it is named", () => {
  const text = "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install torch && echo $NCCL_VERSION && apt-get install -y gcc";
  assert.match(from(text), /^FROM nvidia\/cuda:12\.4\.1-base-ubuntu22\.04\nENV NCCL_VERSION="2\.21\.5-1"\nRUN/);
});

const cuda = debianEntries([
  { name: "libc6", files: ["lib/x86_64-linux-gnu/libc.so.6"] },
  { name: "cuda-libraries-12-4", depends: "libcublas-12-4", files: [] },
  { name: "libcublas-12-4", files: ["usr/local/cuda/lib64/libcublas.so.12"] },
  { name: "cuda-nvcc-12-4", depends: "gcc", files: ["usr/local/cuda/bin/nvcc"] },
  { name: "gcc", automatic: true, files: ["usr/bin/gcc"] },
]).filter(({ path }) => !path.endsWith(".so.12") && !path.endsWith("libc.so.6"));

function imageWith(files: readonly TestEntry[], config: Partial<ImageConfig> = {}, ofBase: readonly TestEntry[] = []): Facts {
  const libraries = [
    { path: "usr/local/cuda/lib64/libcublas.so.12", content: dynamicElf({}) },
    { path: "lib/x86_64-linux-gnu/libc.so.6", content: dynamicElf({}) },
  ];
  const layers = [[...cuda, ...libraries, ...ofBase], files];
  const base = factsOf(layers).layers[0]?.diffId ?? "";
  return factsOf(layers, {
    programs: true,
    knownBases: [{ name: "cuda", diffIds: [base] }],
    history: ["/bin/sh -c #(nop) ADD file:0 in / ", "RUN /bin/sh -c true # buildkit"],
    config: { environment: ["LD_LIBRARY_PATH=/usr/local/cuda/lib64"], ...config },
  });
}

test("with the image it is told by what files are linked with, and the packages that would go are claimed", () => {
  const text = "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN pip install -r x";
  const free = imageWith([{ path: "app/x.so", content: dynamicElf({ needed: ["libc.so.6"] }) }]);
  const { proposals } = proposalsOf(baseImage, `${text}\n`, { facts: free });
  const saving = proposals[0]?.saving;
  assert.ok(saving && "claims" in saving);
  const claimed = saving.claims.map(({ entry }) => free.get(fileTree).path(entry));
  const paths = claimed.filter((path) => path.startsWith("usr/")).sort();
  assert.deepEqual(paths, ["usr/bin/gcc", "usr/local/cuda/bin/nvcc", "usr/local/cuda/lib64/libcublas.so.12"]);
  assert.match(from(text, { facts: free }), /12\.4\.1-base/);
  const linked = imageWith([{ path: "app/x.so", content: dynamicElf({ needed: ["libcublas.so.12"] }) }]);
  assert.match(from(text, { facts: linked }), /12\.4\.1-runtime/);
  assert.match(notes(text, { facts: linked }).join("\n"), /\/app\/x\.so needs libcublas\.so\.12/);
  const compiling = imageWith(pythonEntries("vllm", "0.8.0"));
  assert.equal(from(text, { facts: compiling }), text);
});

const ofNvidia: Partial<ImageConfig> = {
  environment: [
    "LD_LIBRARY_PATH=/usr/local/cuda/lib64",
    "NVIDIA_REQUIRE_CUDA=cuda>=12.4",
    "NV_CUDA_CUDART_VERSION=12.4.127-1",
    "NV_CUDNN_VERSION=9.1.0.70",
    "NCCL_VERSION=2.21.5-1",
    'OF_SOMEBODY=a "b" $c \\d',
    "OWN=1",
  ],
  entrypoint: ["/opt/nvidia/nvidia_entrypoint.sh"],
  labels: { "com.nvidia.cudnn.version": "9.1.0.70", own: "1" },
};

test("of the base's variables those go that only tell of what goes; all others are carried over, and the entry point's loss is told", () => {
  const facts = imageWith([{ path: "app/main.py", content: "x" }], ofNvidia);
  const text = "FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04\nENV OWN=1\nRUN pip install -r x\n";
  const [proposal] = proposalsOf(baseImage, text, { facts }).proposals;
  assert.deepEqual(proposal?.differences?.settings, [
    "Env NV_CUDNN_VERSION",
    "Env NCCL_VERSION",
    "Labels com.nvidia.cudnn.version",
    "Entrypoint",
  ]);
  assert.match(proposal?.reason ?? "", /Env NV_CUDNN_VERSION, .* go with it$/);
  const after = from(text.trimEnd(), { facts });
  assert.equal(after.split("\n")[1], String.raw`ENV OF_SOMEBODY="a \"b\" \$c \\d"`);
  const named = from(`${text}RUN echo $NCCL_VERSION`, { facts });
  assert.match(named, /^ENV NCCL_VERSION="2\.21\.5-1" OF_SOMEBODY=/m);
});

test("devel's own variables go, and those of runtime stay as runtime has them", () => {
  const environment = [
    "NV_LIBCUBLAS_DEV_VERSION=1",
    "NV_NVPROF_VERSION=1",
    "LIBRARY_PATH=/stubs",
    "NV_LIBCUBLAS_VERSION=1",
    "NCCL_VERSION=2",
  ];
  const facts = imageWith([{ path: "app/x.so", content: dynamicElf({ needed: ["libcublas.so.12"] }) }], {
    environment: ["LD_LIBRARY_PATH=/usr/local/cuda/lib64", ...environment],
  });
  const [proposal] = proposalsOf(baseImage, "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN true\n", { facts }).proposals;
  assert.deepEqual(proposal?.differences?.settings, [
    "Env NV_LIBCUBLAS_DEV_VERSION",
    "Env NV_NVPROF_VERSION",
    "Env LIBRARY_PATH",
  ]);
  assert.equal(proposal?.replacements.length, 1);
});

test("NVIDIA's entry point goes with its scripts unless the Dockerfile names it", () => {
  const scripts = [
    { path: "opt/nvidia/nvidia_entrypoint.sh", content: '#!/bin/sh\nexec "$@"\n', mode: 0o755 },
    { path: "opt/nvidia/entrypoint.d/10-banner.sh", content: "echo CUDA\n" },
  ];
  const facts = imageWith([], ofNvidia, scripts);
  const text = "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nCMD true";
  assert.match(from(text, { facts }), /^FROM nvidia\/cuda:12\.4\.1-base/);
  const [proposal] = proposalsOf(baseImage, `${text}\n`, { facts }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  const claimed = new Set(proposal.saving.claims.map(({ entry }) => facts.get(fileTree).path(entry)));
  for (const { path } of scripts) assert.ok(claimed.has(path), path);
  const naming = `${text}\nENTRYPOINT ["/opt/nvidia/nvidia_entrypoint.sh", "tini"]`;
  assert.equal(from(naming, { facts }), naming);
});

test("a package that node-gyp compiles keeps the build environment: by package.json, or as the image shows it", () => {
  const text = "FROM node:20\nCOPY package.json .\nRUN npm ci";
  const files = { "package.json": '{"dependencies": {"bcrypt": "5"}}' };
  assert.equal(from(text, { files }), text);
  assert.match(notes(text, { files }).join(), /bcrypt may be compiled/);
  assert.match(from(text, { files: { "package.json": '{"dependencies": {"express": "4"}}' } }), /^FROM node:20-slim/);
});

test("debian's documents and translations are claimed, of packages that the Dockerfile installs too, but not what it brings itself", () => {
  const base = debianEntries([
    { name: "bash", files: ["bin/bash", "usr/share/doc/bash/README", "usr/share/doc/bash/copyright"] },
  ]);
  const own = debianEntries([
    { name: "bash", files: ["bin/bash", "usr/share/doc/bash/README", "usr/share/doc/bash/copyright"] },
    { name: "file", files: ["usr/bin/file", "usr/share/man/man1/file.1.gz", "usr/share/locale/de/file.mo"] },
  ]).filter(({ path }) => !path.includes("bash"));
  const facts = factsOf([base, [...own, { path: "usr/share/doc/mine/README", content: "mine" }]], { programs: true });
  const [proposal] = proposalsOf(baseImage, "FROM debian:bookworm\nRUN true\n", { facts, layers: { 2: [1] } }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  const claimed = proposal.saving.claims.map(({ entry }) => facts.get(fileTree).path(entry)).toSorted();
  assert.deepEqual(claimed, ["usr/share/doc/bash/README", "usr/share/locale/de/file.mo", "usr/share/man/man1/file.1.gz"]);
  assert.ok(proposal.differences?.free?.includes("etc/dpkg/dpkg.cfg.d/docker"));
  const german = factsOf([base, own], { programs: true, config: { environment: ["LANG=de_DE.UTF-8"] } });
  assert.match(
    notes("FROM debian:bookworm\nRUN true", { facts: german, layers: { 2: [1] } }).join(),
    /de_DE\.UTF-8 asks for translations/,
  );
});

test("the table of types goes along where a program that the command starts reads it", () => {
  const dpkg = (names: readonly string[]): TestEntry[] =>
    debianEntries(names.map((name) => ({ name, files: name === "media-types" ? ["etc/mime.types"] : [`usr/share/${name}`] })));
  const imageOf = (constants: readonly string[]): Facts => {
    const program = { path: "app", content: dynamicElf({ constants }), mode: 0o755 };
    const layers = [dpkg(["bash"]), dpkg(["bash", "media-types"]), [program]];
    return factsOf(layers, { programs: true, config: { command: ["/app"] } });
  };
  const text = "FROM python:3.11\nCOPY app /app";
  const world = (constants: readonly string[]): EditWorld => ({ facts: imageOf(constants), layers: { 2: [2] } });
  const install = "RUN apt-get update && apt-get install -y --no-install-recommends media-types && rm -rf /var/lib/apt/lists/*";
  assert.equal(from(text, world(["/etc/mime.types"])), `FROM python:3.11-slim\n${install}\nCOPY app /app`);
  assert.equal(from(text, world(["/etc/other"])), "FROM python:3.11-slim\nCOPY app /app");
});
