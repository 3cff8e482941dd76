import type { EditContext, ProposedSaving } from "../../contracts/edit.ts";
import { programOf } from "../../dockerfile/shell-script.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import { cudaUsers } from "../../facts/cuda-users.ts";
import { someOf } from "../../lib/some-of.ts";
import type { Stage } from "../../model/dockerfile.ts";
import { compilesBy } from "../evidence/compiles.ts";
import type { Finding } from "../evidence/gathered.ts";
import { pythonRequirements } from "../evidence/python-requirements.ts";
import { cudaTags } from "./cuda-tags.ts";

type Flavour = "devel" | "runtime" | "base";

const ownCuda = /^(?:torch|jax|jaxlib|jax-cuda\d+-plugin)$/;
const toolkitUsers =
  /^(?:onnxruntime-(?:gpu|training)|ctranslate2|faster-whisper|whisperx|cupy(?:-.*)?|(?:torch-)?tensorrt(?:-.*)?|tensorflow(?:-gpu)?|vllm|sglang|flashinfer.*|deepspeed|pycuda|llama-cpp-python|mxnet.*|paddlepaddle-gpu|dlib|numba|numba-cuda|flash-attn|xformers|faiss-gpu.*|cudf.*|cuml.*)$/;

/** From devel to runtime where nothing compiles, and to base where the frameworks bring their own libraries. */
export function cudaBase(context: EditContext, stage: Stage, steps: readonly RunStep[]): Finding {
  const { base, from } = stage;
  const [, image, version = "", cudnn = "", flavour, system = ""] =
    /^((?:[\w.:-]+\/)*nvidia\/cuda):(\d+\.\d+\.\d+)-(cudnn\d*-)?(devel|runtime)-(ubuntu\d\d\.\d\d)$/.exec(base.text) ?? [];
  if (image === undefined)
    return isHidden(base.text)
      ? { instruction: from, message: "the base is given by a variable or a digest, and so stays" }
      : undefined;
  if (cudaTags[system]?.includes(version) !== true)
    return { instruction: from, message: `it is not known whether there is a smaller image of CUDA ${version}` };
  const compiles = compilingIn(steps);
  const loads = whoLoads(context, steps);
  const current: Flavour = flavour === "devel" ? "devel" : "runtime";
  if (current === "devel" && compiles !== undefined)
    return {
      instruction: from,
      message: `the devel image stays: ${compiles}; compile in a stage of its own and ship the runtime image`,
    };
  const next: Flavour = loads === undefined ? "base" : "runtime";
  if (next === current) return { instruction: from, message: `CUDA's libraries of the base stay: ${loads ?? ""}` };
  const tag = `${image}:${version}-${next === "base" ? "" : cudnn}${next}-${system}`;
  return {
    instruction: from,
    message: `${cudnn}${current} holds ${next === "base" ? "CUDA's libraries, which the frameworks bring themselves" : "compilers and headers that nothing uses"}`,
    reason:
      next === "base"
        ? "PyTorch and JAX open the copies of their own wheels; base keeps NVIDIA's variables and driver check"
        : "nothing in the Dockerfile compiles, and runtime holds the same libraries",
    replacements: [{ start: base.start, end: base.end, text: tag }],
    saving: savingFor(context, current, next, cudnn !== ""),
  };
}

function isHidden(base: string): boolean {
  return /nvidia\/cuda[^ ]*@sha256|nvidia\/cuda:.*\$/.test(base);
}

/** A compiler is called, or the toolkit's variables for building are set. */
function compilingIn(steps: readonly RunStep[]): string | undefined {
  const found = steps.map(compilesBy).find((why) => why !== undefined);
  if (found !== undefined) return found;
  const variable = steps
    .flatMap(({ environment }) => [...environment().keys()])
    .find((name) => /^(?:TORCH_CUDA_ARCH_LIST|CUDA_HOME|CUDACXX|FORCE_CUDA)$/.test(name));
  return variable && `${variable} is set`;
}

/** Why CUDA's libraries of the base may be loaded; undefined when the frameworks bring theirs and nothing else is there. */
function whoLoads(context: EditContext, steps: readonly RunStep[]): string | undefined {
  if (context.built !== undefined) {
    const { frameworks, ofToolkit } = context.built.facts.get(cudaUsers);
    if (ofToolkit.length > 0) return `${someOf(ofToolkit)} may load them`;
    return frameworks.length > 0 ? undefined : "no framework is known that brings its own";
  }
  const { names, unread } = pythonRequirements(context, steps);
  const loaders = [...names].filter((name) => toolkitUsers.test(name));
  if (loaders.length > 0) return `${someOf(loaders)} may load them`;
  if (unread.length > 0) return `it can't be told what ${someOf(unread)} installs`;
  const apt = steps
    .flatMap(({ uses }) => uses)
    .find(
      ({ tool, operands }) =>
        tool === "apt" && operands.some(({ text }) => /^["']?(?:libcudnn|libnccl|libnvinfer|cuda-|libcublas)/.test(text)),
    );
  if (apt !== undefined) return "a RUN installs more of CUDA";
  const copied = steps.some(({ script }) =>
    script?.commands.some(
      (command) => /^(?:ldconfig|ln)$/.test(programOf(command)) && command.words.some(({ text }) => text.includes("cuda")),
    ),
  );
  if (copied) return "a RUN links to them";
  return [...names].some((name) => ownCuda.test(name)) ? undefined : "no framework is known that brings its own";
}

function savingFor({ built }: EditContext, current: Flavour, next: Flavour, hasCudnn: boolean): ProposedSaving {
  const claims = built && next === "base" ? built.findings("duplicate-cuda").flatMap((finding) => finding.claims) : [];
  if (claims.length > 0) return { claims };
  const compilers = current === "devel" ? 3_700_000_000 + (hasCudnn ? 1_000_000_000 : 0) : 0;
  const libraries = next === "base" ? 1_800_000_000 + (hasCudnn ? 900_000_000 : 0) : 0;
  return { bytes: compilers + libraries, source: "the least that such images of CUDA 11.7 to 12.6 were seen to differ by" };
}
