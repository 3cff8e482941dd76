import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cudaLibrary } from "../../../src/catalogers/cuda/cuda-library.ts";

suite("a library of CUDA by its name", () => {
  const cases: readonly (readonly [name: string, part: string, version: string])[] = [
    ["libcudnn.so.8.9.7", "cudnn", "8.9.7"],
    ["libcudnn_ops_infer.so.8", "cudnn", "8"],
    ["libcudnn-a1b2c3d4.so.8", "cudnn", "8"],
    ["libcublas.so.12.4.5.8", "cublas", "12.4.5.8"],
    ["libcublasLt.so.12", "cublas", "12"],
    ["libnvblas.so.12", "cublas", "12"],
    ["libnvrtc-builtins.so.12.4", "nvrtc", "12.4"],
    ["libnvrtc-672ee683.so.11.2", "nvrtc", "11.2"],
    ["libcusparseLt.so.0", "cusparselt", "0"],
    ["libcusparseLt-f80c68d1.so.0", "cusparselt", "0"],
    ["libcusolverMg.so.11", "cusolver", "11"],
    ["libnccl.so.2.21.5", "nccl", "2.21.5"],
    ["libnvinfer_plugin.so.10", "tensorrt", "10"],
    ["libnvonnxparser.so.8", "tensorrt", "8"],
    ["libnppial.so.12", "npp", "12"],
    ["libnvToolsExt-847d78f2.so.1", "nvtx", "1"],
    ["libnvJitLink.so.12", "nvjitlink", "12"],
    ["libcudart-d0da41ae.so.11.0", "cudart", "11.0"],
    ["libcufile_rdma.so.1", "cufile", "1"],
    ["libcupti.so.12", "cupti", "12"],
    ["libnvshmem_host.so.3", "nvshmem", "3"],
    ["libnccl.so", "nccl", ""],
  ];
  for (const [name, part, version] of cases) {
    test(name, () => assert.deepEqual(cudaLibrary(`opt/lib/${name}`), { part, version }));
  }

  for (const name of [
    "libcuda.so.1",
    "libcurl.so.4",
    "libcudnn_static.a",
    "libtorch_cuda.so",
    "libnvidia-ml.so.1",
    "cudnn.so",
    "libcudnn.so.py",
  ]) {
    test(`${name} is none`, () => assert.equal(cudaLibrary(`opt/lib/${name}`), undefined));
  }
});
