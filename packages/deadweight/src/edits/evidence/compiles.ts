import { hasOption, type CommandUse } from "../../dockerfile/command-use.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import { programOf } from "../../dockerfile/shell-script.ts";

const compilers =
  /^(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|make|gmake|cmake|ninja|meson|nvcc|cargo|rustc|rustup|go|configure|autoreconf|autoconf|bazel|scons|ld)$/;

// Published without wheels, or built against the toolkit when they are installed.
const builtFromSource =
  /^(?:flash[-_]attn|xformers|apex|deepspeed|detectron2|llama[-_]cpp[-_]python|pycuda|dlib|mmcv(?:-full)?|pytorch3d|nvdiffrast|causal[-_]conv1d|mamba[-_]ssm|mysqlclient|psycopg2|pygraphviz|python-ldap|uwsgi|pyaudio|fasttext|webrtcvad)(?:$|[[<>=!~])/i;

/** What in a step compiles, in words; undefined when nothing is seen that does. */
export function compilesBy(step: RunStep): string | undefined {
  const compiler = step.script?.commands.find((command) => compilers.test(programOf(command)));
  if (compiler !== undefined) return `${programOf(compiler)} in line ${step.instruction.line}`;
  const source = step.uses.find(buildsPackage);
  return source && `line ${step.instruction.line} builds a package from source`;
}

/** `pip install .`, `git+https://…`, `--no-binary`, `python setup.py install`. */
function buildsPackage(use: CommandUse): boolean {
  if (use.tool === "python") return use.operands.some(({ value = "" }) => value.endsWith("setup.py"));
  if (use.tool !== "pip" && use.tool !== "uv") return false;
  const texts = use.operands.map(({ text }) => text.replace(/["']/g, ""));
  return (
    hasOption(use, "--no-binary", "-e", "--editable", "--no-build-isolation") ||
    texts.some((text) => /^(?:git\+|\.|\/)/.test(text) || /\.(?:tar\.gz|zip)$/.test(text) || builtFromSource.test(text))
  );
}
