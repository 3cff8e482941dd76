import { defineRule, type Rule, type RuleFinding } from "../contracts/rule.ts";
import { jitTools, type JitUser } from "../facts/jit-tools.ts";
import { someOf } from "../lib/some-of.ts";

/** Compilers that packages of the image call when they run. */
export const jitToolchain: Rule = defineRule({
  name: "jit-toolchain",
  title: "Compilers that are called when the program runs",
  meaning:
    "Triton compiles the launcher of each kernel with gcc and Python's headers, FlashInfer, vLLM and DeepSpeed kernels with nvcc and ninja, " +
    "DeepGEMM calls cuobjdump, CuPy gives CUDA's headers to NVRTC, XLA calls ptxas. A slim image without them starts, and fails when the " +
    "first such kernel is wanted. This rule says what is there and what is not; it counts no bytes.",
  measure:
    "Takes installed Python and conda packages that are known to compile when they run, and looks for their tools in PATH, in " +
    "`/usr/local/cuda*`, in NVIDIA's wheels and beside Triton.",
  risk:
    "Whether a program ever does what needs the compiler is not known: PyTorch without torch.compile needs none. What is there " +
    "`build-tools` reports apart, and `optimize` leaves it. Tools that CUDA_HOME, CC or CXX name elsewhere are not seen.",
  evaluate: (facts) => {
    const users = facts.get(jitTools);
    if (users.length === 0) return { notApplicable: "no package is known to compile when it runs" };
    return [...withMissing(users), ...complete(users)];
  },
});

function withMissing(users: readonly JitUser[]): readonly RuleFinding[] {
  return users
    .filter(({ missing }) => missing.length > 0)
    .map(({ name, how, found, missing }): RuleFinding => {
      const there = found.length === 0 ? "" : `; there is ${someOf(found.map(described), found.length)}`;
      return {
        message: `${name} ${how}: without ${someOf([...missing], missing.length)}${there}`,
        safety: "opt-in",
        remedy: "install what is missing if the program does this; else nothing is to be done",
        claims: [],
      };
    });
}

/** Nothing to be done, but for whoever makes the image smaller. */
function complete(users: readonly JitUser[]): readonly RuleFinding[] {
  const ready = users.filter(({ missing }) => missing.length === 0);
  if (ready.length === 0) return [];
  const tools = [...new Set(ready.flatMap(({ found }) => found.map(described)))];
  const why = ready.map(({ name, how }) => `${name} ${how}`);
  return [
    { message: `kept for running: ${someOf(tools, tools.length)}, as ${someOf(why, why.length)}`, safety: "opt-in", claims: [] },
  ];
}

function described({ tool, path }: JitUser["found"][number]): string {
  return `${tool} (/${path})`;
}
