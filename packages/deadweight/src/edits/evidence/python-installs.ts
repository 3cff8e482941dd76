import type { EditContext } from "../../contracts/edit.ts";
import type { CommandUse } from "../../dockerfile/command-use.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";
import type { ShellWord } from "../../dockerfile/shell-script.ts";

/** Something that pip or uv is told to install. */
export interface Requirement {
  /** In the normal form of PEP 503; empty where only an address or a path says what it is. */
  readonly name: string;
  /** As written, without quotes and comments. */
  readonly text: string;
  /** The word of the command; absent for a line of a requirements file. */
  readonly word?: ShellWord;
}

/** A command that installs Python packages. */
export interface PythonInstall {
  readonly step: RunStep;
  readonly use: CommandUse;
  readonly requirements: readonly Requirement[];
  /** Requirements files and words that can't be read here. */
  readonly unread: readonly string[];
}

const mostFiles = 20;

/** The commands of some RUNs that install Python packages with pip or uv. */
export function pythonInstalls(context: EditContext, steps: readonly RunStep[]): readonly PythonInstall[] {
  return steps.flatMap((step) =>
    step.uses.filter(isPythonInstall).map((use): PythonInstall => ({ step, use, ...requirementsOf(context, use) })),
  );
}

/** Whether a command installs Python packages. */
export function isPythonInstall({ tool, verb }: CommandUse): boolean {
  return (
    (tool === "pip" && verb === "install") || (tool === "uv" && /^(?:pip install|pip sync|sync|add|tool install)$/.test(verb))
  );
}

/** Names in the normal form of PEP 503. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

function requirementsOf(context: EditContext, use: CommandUse): Pick<PythonInstall, "requirements" | "unread"> {
  const unread: string[] = [];
  const requirements: Requirement[] = [];
  for (const word of use.operands) {
    if (word.value === undefined) unread.push(word.text);
    else if (use.verb === "pip sync") readFile(context, word.value, { requirements, unread, files: new Set() });
    else requirements.push({ name: nameOf(word.value), text: word.value, word });
  }
  for (const { name, value } of use.options) {
    if (/^(?:-e|--editable)$/.test(name)) requirements.push({ name: "", text: value ?? "." });
    if (/^(?:-r|--requirements?)$/.test(name)) readFile(context, value ?? "?", { requirements, unread, files: new Set() });
  }
  if (use.tool === "uv" && use.verb === "sync") unread.push("uv.lock");
  return { requirements, unread };
}

interface Reading {
  readonly requirements: Requirement[];
  readonly unread: string[];
  readonly files: Set<string>;
}

/** The file of the build context that a RUN most likely sees under this name: of the same path, else of the same name. */
function readFile(context: EditContext, path: string, reading: Reading): void {
  if (reading.files.has(path) || reading.files.size >= mostFiles) return;
  reading.files.add(path);
  const [relative, base] = [path.replace(/^\.?\/+/, ""), path.replace(/^.*\//, "")];
  const text = context.readContextFile(relative) ?? context.readContextFile(base);
  if (text === undefined) {
    reading.unread.push(path);
    return;
  }
  for (const line of text.replace(/\\\r?\n/g, "").split("\n")) {
    const content = line.replace(/(?:^|\s)#.*$/, "").trim();
    const [, other] = /^(?:-r|--requirement)[ =]+(\S+)$/.exec(content) ?? [];
    if (other !== undefined) readFile(context, path.replace(/[^/]*$/, "") + other, reading);
    else if (/^(?:-e|--editable)\b/.test(content)) reading.requirements.push({ name: "", text: content });
    else if (content !== "" && !content.startsWith("-")) reading.requirements.push({ name: nameOf(content), text: content });
  }
}

function nameOf(text: string): string {
  if (/^\.{0,2}\/|^\.+$|^\.\[|\.(?:whl|zip|tar\.\w+|tgz)$/.test(text)) return "";
  const [, name] = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\s*(?:[[<>=!~;@,(]|$))/.exec(text) ?? [];
  return name === undefined || /^\w+\+|:\/\//.test(text) ? "" : normalName(name);
}

/** Why a command may compile: a package without wheels, sources, an option that refuses wheels; undefined when nothing says so. */
export function compilingRequirement({ requirements, use }: PythonInstall): string | undefined {
  const option = use.options.find(({ name }) => name === "--no-binary" || name === "--no-build-isolation");
  if (option !== undefined) return option.name;
  return requirements.find(({ name, text }) => isSource(name, text))?.text;
}

// Packages that PyPI has without wheels for Linux, or whose wheels are compiled for each machine.
const withoutWheels = new RegExp(
  "^(?:flash-attn|apex|deepspeed|detectron2|mamba-ssm|causal-conv1d|pycuda|llama-cpp-python|pyaudio|mysqlclient|psycopg2|python-ldap|" +
    "uwsgi|pycairo|pygobject|dlib|fasttext|horovod|nvidia-dali-.*|transformer-engine|auto-gptq|exllamav2|pycocotools|webrtcvad|" +
    "pymssql|pygraphviz|mpi4py|gdal|pyodbc|netifaces|pyheif|py-spy-dev|openfst-python|kenlm|ctc-segmentation|pyworld|pesq|" +
    "torch-scatter|torch-sparse|torch-cluster|torch-spline-conv|tinycudann|pytorch3d|basicsr|tts|xformers|mmcv(?:-full)?|nvdiffrast)$",
);

function isSource(name: string, text: string): boolean {
  if (/\.whl(?:$|[#?])/.test(text)) return false;
  return name === "" ? true : withoutWheels.test(name) || /@\s*(?:git\+|https?:)/.test(text);
}
