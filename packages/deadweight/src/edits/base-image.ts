import { defineEdit, type Edit, type EditContext } from "../contracts/edit.ts";
import { stageChain } from "../dockerfile/expand-variables.ts";
import { runSteps, type RunStep } from "../dockerfile/run-steps.ts";
import type { Stage } from "../model/dockerfile.ts";
import { cudaBase } from "./base-image/cuda-base.ts";
import { slimBase } from "./base-image/slim-base.ts";
import { gathered } from "./evidence/gathered.ts";

/** A smaller image to build on. */
export const baseImage: Edit = defineEdit({
  name: "base-image",
  title: "A smaller base image: CUDA's base for its runtime or devel, python-slim for python",
  safety: "verified",
  order: 60,
  meaning:
    "A devel image of CUDA holds compilers, headers, static libraries and profilers, 3.7 to 4.7 GB above the runtime image, and that one CUDA's libraries, " +
    "1.8 to 2.4 GB above base, with cuDNN 1 GB more. PyTorch, TensorFlow and JAX bring their own copies of these libraries and never open the base's. " +
    "The python image holds a compiler, git and development packages, 770 MB that python-slim does not.",
  risk:
    "What loads the base's libraries fails: onnxruntime-gpu, CTranslate2 (faster-whisper), CuPy, TensorRT, what is compiled, and what compiles when it runs. While such a " +
    "package is installed, or it can't be told what is, the base stays. `base` keeps NVIDIA's variables and its package source; the entry point of runtime images, " +
    "which prints a banner, goes. A base given by a variable or a digest is left.",
  checks: ["config", "elf-closure", "python-imports", "device-code", "interpreters", "health"],
  example: {
    before: "FROM nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04\nRUN pip install --no-cache-dir torch==2.5.1\n",
    after: "FROM nvidia/cuda:12.1.0-base-ubuntu22.04\nRUN pip install --no-cache-dir torch==2.5.1\n",
  },
  propose: (context) => {
    const [stage] = context.shipped;
    if (stage === undefined) return { proposals: [], notes: [] };
    const steps = stepsAbove(context, stage);
    return gathered([cudaBase(context, stage, steps), slimBase(context, stage, steps)]);
  },
});

/** The RUNs of all stages that are built on one, itself included. */
function stepsAbove({ dockerfile, variablesAt }: EditContext, stage: Stage): readonly RunStep[] {
  const built = dockerfile.stages.filter((one) => stageChain(dockerfile, one).includes(stage));
  return runSteps(dockerfile, built, variablesAt);
}
