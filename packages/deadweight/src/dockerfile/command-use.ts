import { programOf, type ShellCommand, type ShellWord } from "./shell-script.ts";

/** An option of a command: `-y`, `--index-url=…`, `-i` with the word after it. */
export interface CommandOption {
  /** `-y`, `--index-url`. */
  readonly name: string;
  readonly word: ShellWord;
  readonly value?: string;
}

/** A command of which it is known how it reads its arguments. */
export interface CommandUse {
  readonly tool: Tool;
  readonly command: ShellCommand;
  /** The subcommand, in up to two words: `install`, `pip install`; empty when there is none. */
  readonly verb: string;
  /** The subcommand's last word, behind which options may stand. */
  readonly verbWord?: ShellWord;
  readonly options: readonly CommandOption[];
  readonly operands: readonly ShellWord[];
}

/** Programs whose arguments edits read. */
export type Tool =
  | "apt"
  | "dpkg"
  | "pip"
  | "uv"
  | "conda"
  | "npm"
  | "yarn"
  | "pnpm"
  | "apk"
  | "dnf"
  | "git"
  | "wget"
  | "curl"
  | "tar"
  | "unzip"
  | "rm"
  | "chown"
  | "chmod"
  | "find"
  | "python";

interface Syntax {
  readonly programs: RegExp;
  /** Options whose value is the next word. */
  readonly valued: readonly string[];
  /** Words before the operands that say what is to be done; of these the first may ask for another. */
  readonly verbs?: { readonly nested: readonly string[] };
  /** Whether one dash begins letters that are options each, `-qO file`; so it is unless said. */
  readonly bundles?: boolean;
}

const plain = { nested: [] };

const syntaxes: Readonly<Record<Tool, Syntax>> = {
  apt: {
    programs: /^(?:apt|apt-get|aptitude)$/,
    valued: ["-o", "-t", "-c", "--option", "--target-release", "--default-release"],
    verbs: plain,
  },
  dpkg: { programs: /^dpkg$/, valued: [] },
  pip: {
    programs: /^pip[\d.]*$/,
    valued: words(
      "-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t --target --prefix --root --python --platform " +
        "--python-version --implementation --abi --no-binary --only-binary --progress-bar --trusted-host --cache-dir --timeout --retries " +
        "--upgrade-strategy --config-settings -C --report --src --log --proxy --cert -e --editable",
    ),
    verbs: plain,
  },
  uv: {
    programs: /^uv$/,
    valued: words(
      "-r --requirement --requirements -c --constraint -i --index-url --index --default-index --extra-index-url -f --find-links -p --python " +
        "--extra --group --only-group --no-group --project --directory --cache-dir --target --prefix --link-mode --torch-backend -e --editable " +
        "--package --no-install-package --resolution --index-strategy",
    ),
    verbs: { nested: ["pip", "tool", "python"] },
  },
  conda: {
    programs: /^(?:conda|mamba|micromamba)$/,
    valued: words("-n --name -p --prefix -c --channel -f --file --channel-alias --solver"),
    verbs: { nested: ["env"] },
  },
  npm: {
    programs: /^npm$/,
    valued: words("--prefix -C --registry --cache --loglevel --omit --include -w --workspace"),
    verbs: { nested: ["cache"] },
  },
  yarn: { programs: /^yarn(?:pkg)?$/, valued: words("--cwd --cache-folder --registry"), verbs: { nested: ["cache", "global"] } },
  pnpm: { programs: /^pnpm$/, valued: words("-C --dir --filter -F --store-dir"), verbs: { nested: ["store"] } },
  apk: { programs: /^apk$/, valued: words("-t --virtual -X --repository -p --root --arch --cache-dir"), verbs: plain },
  dnf: {
    programs: /^(?:dnf5?|yum|microdnf)$/,
    valued: words("-c --config -x --exclude --enablerepo --disablerepo --repo --installroot --releasever"),
    verbs: plain,
  },
  git: {
    programs: /^git$/,
    valued: words("-b --branch --depth -c -C -o --origin --filter -j --jobs --shallow-since --reference --config"),
    verbs: plain,
  },
  wget: {
    programs: /^wget$/,
    valued: words("-O --output-document -o --output-file -P --directory-prefix --header -U --user-agent -t --tries -T --timeout"),
  },
  curl: {
    programs: /^curl$/,
    valued: words(
      "-o --output -H --header -A --user-agent -u --user -X --request -d --data --retry --retry-delay --max-time --connect-timeout -x --proxy --cacert",
    ),
  },
  tar: {
    programs: /^(?:bsd)?tar$/,
    valued: words("-f --file -C --directory --strip-components --exclude --transform -I --use-compress-program"),
  },
  unzip: { programs: /^unzip$/, valued: words("-d -x -P") },
  rm: { programs: /^rm$/, valued: [] },
  chown: { programs: /^chown$/, valued: ["--from", "--reference"] },
  chmod: { programs: /^chmod$/, valued: ["--reference"] },
  find: { programs: /^find$/, valued: [], bundles: false },
  python: { programs: /^python[\d.]*$/, valued: ["-m", "-c", "-W", "-X"] },
};

function words(text: string): readonly string[] {
  return text.split(" ");
}

const byTool = Object.entries(syntaxes) as readonly (readonly [Tool, Syntax])[];

/** How a known command reads its arguments; undefined for any other. */
export function commandUse(command: ShellCommand): CommandUse | undefined {
  const program = programOf(command);
  const found = byTool.find(([, { programs }]) => programs.test(program));
  return found === undefined ? undefined : readUse(found[0], found[1], command);
}

function readUse(tool: Tool, syntax: Syntax, command: ShellCommand): CommandUse {
  const options: CommandOption[] = [];
  const operands: ShellWord[] = [];
  const verbs: ShellWord[] = [];
  let isLiteral = false;
  const pending = command.words.slice(1);
  for (let word = pending.shift(); word !== undefined; word = pending.shift()) {
    const text = word.value ?? word.text;
    if (!isLiteral && text === "--") isLiteral = true;
    else if (!isLiteral && /^-./.test(text)) options.push(...optionsOf(syntax, word, pending));
    else if (wantsVerb(syntax, verbs)) verbs.push(word);
    else operands.push(word);
  }
  const verbWord = verbs.at(-1);
  const verb = verbs.map(({ value = "?" }) => value).join(" ");
  return { tool, command, verb, ...(verbWord && { verbWord }), options, operands };
}

function wantsVerb({ verbs }: Syntax, sofar: readonly ShellWord[]): boolean {
  if (verbs === undefined) return false;
  return sofar.length === 0 || (sofar.length === 1 && verbs.nested.includes(sofar[0]?.value ?? ""));
}

function optionsOf(syntax: Syntax, word: ShellWord, pending: ShellWord[]): readonly CommandOption[] {
  const text = word.value ?? word.text;
  const [, long, value] = /^(--[^=]+)=([^]*)$/.exec(text) ?? [];
  if (long !== undefined) return [{ name: long, word, ...(word.value !== undefined && { value: value ?? "" }) }];
  if (syntax.valued.includes(text)) return [{ name: text, word, ...nextValue(pending) }];
  if (text.startsWith("--") || !(syntax.bundles ?? true)) return [{ name: text, word }];
  const letters = text.slice(1).split("");
  const at = letters.findIndex((letter) => syntax.valued.includes(`-${letter}`));
  const flags = (at < 0 ? letters : letters.slice(0, at)).map((letter) => ({ name: `-${letter}`, word }));
  if (at < 0) return flags;
  const attached = letters.slice(at + 1).join("");
  return [...flags, { name: `-${letters[at]}`, word, ...(attached === "" ? nextValue(pending) : { value: attached }) }];
}

function nextValue(pending: ShellWord[]): { readonly value?: string } {
  const value = pending.shift()?.value;
  return value === undefined ? {} : { value };
}

/** Whether an option of one of these names is given. */
export function hasOption({ options }: Pick<CommandUse, "options">, ...names: readonly string[]): boolean {
  return options.some(({ name }) => names.includes(name));
}

/** The last value of an option of one of these names. */
export function optionValue({ options }: Pick<CommandUse, "options">, ...names: readonly string[]): string | undefined {
  return options.findLast(({ name }) => names.includes(name))?.value;
}
