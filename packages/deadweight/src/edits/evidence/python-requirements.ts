import type { EditContext } from "../../contracts/edit.ts";
import type { CommandUse } from "../../dockerfile/command-use.ts";
import type { RunStep } from "../../dockerfile/run-steps.ts";

/** What RUNs have pip, uv or conda install, as far as the Dockerfile and the build context tell. */
export interface PythonRequirements {
  /** In the normal form of PEP 503. */
  readonly names: ReadonlySet<string>;
  /** Files and words that say what else is installed and that can't be read. */
  readonly unread: readonly string[];
}

/** The Python packages that some steps install by name or by a requirements file. */
export function pythonRequirements(context: EditContext, steps: readonly RunStep[]): PythonRequirements {
  const names = new Set<string>();
  const unread: string[] = [];
  for (const use of steps.flatMap(({ uses }) => uses)) {
    if (!isPythonInstall(use)) continue;
    for (const { value, text } of use.operands) {
      const name = nameOf(value ?? text);
      if (name === undefined) unread.push(text);
      else names.add(name);
    }
    for (const file of filesOf(use)) {
      const text = context.readContextFile(file.replace(/^.*\//, "")) ?? context.readContextFile(file.replace(/^\.?\//, ""));
      if (text === undefined) unread.push(file);
      else for (const line of text.split("\n")) addLine(line, names, unread);
    }
  }
  return { names, unread };
}

/** Whether a command installs Python packages. */
export function isPythonInstall({ tool, verb }: CommandUse): boolean {
  return (
    /^(?:pip|uv|conda)$/.test(tool) &&
    /^(?:install|pip install|pip sync|sync|create|update|env create|env update|add)$/.test(verb)
  );
}

function filesOf({ tool, verb, options }: CommandUse): readonly string[] {
  const given = options.filter(
    ({ name }) => /^(?:-r|--requirements?|-f|--file)$/.test(name) && !(tool === "pip" && name === "-f"),
  );
  const files = given.flatMap(({ value }) => value ?? []);
  return tool === "uv" && verb === "sync" ? [...files, "uv.lock"] : files;
}

function addLine(line: string, names: Set<string>, unread: string[]): void {
  const text = line.replace(/(?:^|\s)#.*$/, "").trim();
  if (text === "" || /^--?(?:index-url|extra-index-url|i|find-links|f|trusted-host|no-binary|only-binary|hash)\b/.test(text))
    return;
  const name = nameOf(text);
  if (name === undefined) unread.push(text);
  else names.add(name);
}

/** `torch` of `torch[cuda]>=2.1 ; python_version < "3.12"`, of `torch @ https://…`, of a wheel's file name. */
function nameOf(text: string): string | undefined {
  const wheel = /(?:^|\/)([A-Za-z0-9_.]+)-\d[^/]*\.whl$/.exec(text)?.[1];
  const name = wheel ?? /^["']?(?:[\w-]+::)?([A-Za-z0-9][\w.-]*?)\s*(?:$|[[<>=!~;@"'\s])/.exec(text)?.[1];
  return name === undefined || (wheel === undefined && /^(?:git\+|\.|\/|https?:)/.test(text)) ? undefined : normal(name);
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}
