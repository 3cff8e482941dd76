import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cuda } from "../../src/catalogers/cuda.ts";
import { wantedFilesOf } from "../support/layers.ts";

function catalogOf(contents: Record<string, string>): ReturnType<typeof cuda.catalog> {
  const entries = Object.entries(contents).map(([path, content]) => ({ path, content }));
  return cuda.catalog(wantedFilesOf(cuda, entries));
}

suite("a toolkit", () => {
  const library = "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12.4.5.8";

  test("owns its folder, its version is in version.json", () => {
    const { packages } = catalogOf({
      "usr/local/cuda-12.4/version.json": '{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}',
      [library]: "ELF",
    });
    assert.deepEqual(packages, [
      { kind: "cuda", name: "toolkit", version: "12.4.1", origin: "toolkit", paths: [], folders: ["usr/local/cuda-12.4"] },
      { kind: "cuda", name: "cublas", version: "12.4.5.8", origin: "toolkit", paths: [], folders: [library] },
    ]);
  });

  test("of CUDA 10 has version.txt", () => {
    const { packages } = catalogOf({ "usr/local/cuda-10.2/version.txt": "CUDA Version 10.2.89\n" });
    assert.equal(packages[0]?.version, "10.2.89");
  });

  test("without either has the version of its folder", () => {
    const { packages } = catalogOf({ [library]: "ELF" });
    assert.deepEqual(
      packages.map(({ name, version }) => [name, version]),
      [
        ["toolkit", "12.4"],
        ["cublas", "12.4.5.8"],
      ],
    );
  });

  test("at usr/local/cuda may have none", () => {
    const { packages } = catalogOf({ "usr/local/cuda/bin/nvcc": "ELF" });
    assert.deepEqual(packages, [{ kind: "cuda", name: "toolkit", origin: "toolkit", paths: [], folders: ["usr/local/cuda"] }]);
  });

  test("two of them are two", () => {
    const { packages } = catalogOf({ "usr/local/cuda-11.8/bin/nvcc": "", "usr/local/cuda-12.4/bin/nvcc": "" });
    assert.deepEqual(
      packages.map(({ version }) => version),
      ["11.8", "12.4"],
    );
  });

  test("whose version.json can't be read is a problem", () => {
    const { packages, problems } = catalogOf({ "usr/local/cuda-12.4/version.json": "{" });
    assert.equal(packages[0]?.version, "12.4");
    assert.deepEqual(problems, [
      {
        path: "usr/local/cuda-12.4/version.json",
        layer: 0,
        message: "cannot read usr/local/cuda-12.4/version.json: no valid JSON",
      },
    ]);
  });
});

suite("libraries elsewhere", () => {
  test("inside of another project's wheel are taken from it", () => {
    const lib = "usr/local/lib/python3.10/site-packages/torch/lib";
    const { packages } = catalogOf({
      [`${lib}/libcudnn.so.8`]: "ELF",
      [`${lib}/libcudnn_cnn_infer.so.8`]: "ELF",
      [`${lib}/libcublasLt.so.11`]: "ELF",
      [`${lib}/libtorch_cuda.so`]: "ELF",
    });
    assert.deepEqual(packages, [
      { kind: "cuda", name: "cublas", version: "11", origin: "wheel", paths: [`${lib}/libcublasLt.so.11`] },
      {
        kind: "cuda",
        name: "cudnn",
        version: "8",
        origin: "wheel",
        paths: [`${lib}/libcudnn.so.8`, `${lib}/libcudnn_cnn_infer.so.8`],
      },
    ]);
  });

  test("in a system folder are had when no package names them", () => {
    const { packages } = catalogOf({
      "usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.7": "ELF",
      "opt/tritonserver/lib/libnvinfer.so.8.6.1": "ELF",
      "opt/conda/lib/libcudnn.so.8.9.2": "ELF",
    });
    assert.deepEqual(
      packages.map(({ name, version, origin, paths, folders }) => [name, version, origin, paths, folders]),
      [
        ["cudnn", "8.9.2", "conda", [], ["opt/conda/lib/libcudnn.so.8.9.2"]],
        ["tensorrt", "8.6.1", "toolkit", [], ["opt/tritonserver/lib/libnvinfer.so.8.6.1"]],
        ["cudnn", "8.9.7", "toolkit", [], ["usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.7"]],
      ],
    );
  });

  test("of NVIDIA's own wheels, stubs and what conda keeps are not looked at", () => {
    const { packages } = catalogOf({
      "usr/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9": "ELF",
      "usr/lib/python3.11/site-packages/tensorrt_libs/libnvinfer.so.10": "ELF",
      "opt/sdk/lib/stubs/libcublas.so": "ELF",
      "opt/conda/pkgs/cudnn-8.9.2/lib/libcudnn.so.8.9.2": "ELF",
    });
    assert.deepEqual(packages, []);
  });
});
