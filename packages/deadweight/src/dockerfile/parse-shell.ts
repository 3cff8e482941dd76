import {
  forEachChild,
  parse,
  type Command,
  type PipelineNode,
  type Redirection,
  type Statement,
  type SyntaxNode,
  type Word,
  type WordPart,
} from "unbash";
import { peelWrappers } from "./peel-wrappers.ts";
import type { ShellCommand, ShellNesting, ShellRedirect, ShellScript, ShellStatement, ShellWord } from "./shell-script.ts";

/** Where a script stands and how it is run. */
export interface ShellSource {
  /** Text of the same length as what the file has there, which a shell can read. */
  readonly text: string;
  readonly start: number;
  readonly isHeredoc: boolean;
  readonly stopsOnFailure: boolean;
}

/** Characters of scripts that nobody writes by hand. */
const mostCharacters = 256 * 1024;

/** A script's statements and simple commands; undefined when it is no shell that can be read. */
export function parseShell(source: ShellSource): ShellScript | undefined {
  if (source.text.length > mostCharacters) return undefined;
  const script = parse(source.text);
  if ((script.errors?.length ?? 0) > 0) return undefined;
  const reader = new ShellReader(source);
  for (const statement of script.commands) reader.read(statement);
  return {
    start: source.start,
    end: source.start + source.text.length,
    statements: reader.statements,
    commands: reader.commands,
    isHeredoc: source.isHeredoc,
  };
}

interface Place {
  readonly step: number;
  readonly nesting?: ShellNesting;
}

/** Walks the statements in order, since `set -e` holds from where it stands. */
class ShellReader {
  readonly statements: ShellStatement[] = [];
  readonly commands: ShellCommand[] = [];
  readonly #source: ShellSource;
  #stops: boolean;

  constructor(source: ShellSource) {
    this.#source = source;
    this.#stops = source.stopsOnFailure;
  }

  read(statement: Statement): void {
    const { command } = statement;
    const isBackground = statement.background === true;
    const steps: readonly PipelineNode[] = command.type === "AndOr" ? command.commands : [command];
    const stopsOnFailure = this.#stops;
    for (const [step, node] of steps.entries()) {
      const nesting = isBackground ? "background" : nestingOf(node);
      this.#visit(node, { step, ...(nesting !== undefined && { nesting }) });
    }
    this.statements.push({
      ...this.#range(command),
      steps: steps.map((node) => ({ ...this.#range(node), isSimple: nestingOf(node) === undefined })),
      operators: command.type === "AndOr" ? command.operators : [],
      isBackground,
      stopsOnFailure,
    });
  }

  #visit(node: SyntaxNode, place: Place): void {
    if (node.type === "Command") this.#add(node, place);
    const inside = isSubstitution(node.type) ? { ...place, nesting: "substitution" as const } : place;
    forEachChild(node, (child) => {
      this.#visit(child, inside);
    });
  }

  #add(command: Command, place: Place): void {
    const words = [command.name, ...command.args].flatMap((word) => (word === undefined ? [] : [this.#word(word)]));
    const prefix = command.prefix.flatMap((part) => (part.type === "Assignment" ? [part] : []));
    const peeled = peelWrappers(words);
    if (peeled.words.length === 0) return;
    const own = prefix.map(({ name, value }) => [name, value.type === "Word" ? literalOf(value) : undefined] as const);
    const others = peeled.assignments.map(
      ({ text, value }) => [text.replace(/=.*$/s, ""), value?.replace(/^.*?=/s, "")] as const,
    );
    const found: ShellCommand = {
      ...this.#range(command),
      words: peeled.words,
      wrappers: peeled.wrappers,
      assignments: new Map([...own, ...others]),
      redirects: command.redirects.map((redirect) => this.#redirect(redirect)),
      statement: this.statements.length,
      ...place,
      stopsOnFailure: this.#stops,
    };
    this.commands.push(found);
    if (place.nesting === undefined) this.#follow(found);
    this.#quotedScript(found);
  }

  /** `set -e` and `set +e` of the script's own list. */
  #follow({ words }: ShellCommand): void {
    if (words[0]?.value !== "set") return;
    const values = words.slice(1).map(({ value = "" }) => value);
    for (const [index, value] of values.entries()) {
      if (/^-\w*e/.test(value) || (value === "errexit" && /^-\w*o$/.test(values[index - 1] ?? ""))) this.#stops = true;
      if (/^\+\w*e/.test(value) || (value === "errexit" && values[index - 1] === "+o")) this.#stops = false;
    }
  }

  /** The commands of `bash -c "…"`, when its quotes hide nothing. */
  #quotedScript({ words, statement, step }: ShellCommand): void {
    if (!/^(?:.*\/)?(?:ba|da|a)?sh$/.test(words[0]?.value ?? "")) return;
    const at = words.findIndex(({ value = "" }, index) => index > 0 && /^-\w*c$/.test(value));
    const script = words[at + 1];
    const quote = quoteOf(script?.text[0]);
    if (at < 0 || script?.value === undefined || quote === undefined) return;
    if (script.text !== `${quote}${script.value}${quote}`) return;
    const inner = parseShell({ text: script.value, start: script.start + 1, isHeredoc: false, stopsOnFailure: false });
    const commands = inner?.commands.map((command) => ({
      ...command,
      quote,
      statement,
      step,
      nesting: "quoted script" as const,
    }));
    this.commands.push(...(commands ?? []));
  }

  #redirect(redirect: Redirection): ShellRedirect {
    const { operator, descriptor } = redirect;
    const target = redirect.type === "HereDoc" ? undefined : redirect.target;
    return {
      ...this.#range(redirect),
      operator,
      ...(descriptor?.type === "FileDescriptor" && { descriptor: descriptor.value }),
      ...(target !== undefined && { target: this.#word(target) }),
    };
  }

  #word(
    word: Word | { readonly type: "Assignment"; readonly pos: number; readonly end: number; readonly text: string },
  ): ShellWord {
    const value = word.type === "Word" ? literalOf(word) : plainAssignment(word.text);
    return { ...this.#range(word), text: word.text, ...(value !== undefined && { value }) };
  }

  #range({ pos, end }: { readonly pos: number; readonly end: number }): { start: number; end: number } {
    return { start: this.#source.start + pos, end: this.#source.start + end };
  }
}

function quoteOf(character: string | undefined): "'" | '"' | undefined {
  return character === "'" || character === '"' ? character : undefined;
}

/** `time` alone changes nothing of where a command stands. */
function nestingOf(node: PipelineNode): ShellNesting | undefined {
  if (node.type === "Command") return undefined;
  if (node.type !== "Pipeline") return "control flow";
  if (node.commands.length > 1) return "pipeline";
  if (node.prefixes.some(({ type }) => type === "Negation")) return "negation";
  return node.commands[0]?.type === "Command" ? undefined : "control flow";
}

function isSubstitution(type: string): boolean {
  return type === "CommandExpansion" || type === "ProcessSubstitution" || type === "ArithmeticCommandExpansion";
}

/** The word that a program gets, when nothing but quotes has to be taken off. */
function literalOf(word: Word): string | undefined {
  if (word.text.startsWith("~")) return undefined;
  return word.parts?.every(isLiteral) === false ? undefined : word.value;
}

function isLiteral(part: WordPart): boolean {
  if (part.type === "DoubleQuoted") return part.parts.every(({ type }) => type === "Literal");
  return part.type === "Literal" || part.type === "SingleQuoted";
}

/** Operands such as `if=file` count as words. */
function plainAssignment(text: string): string | undefined {
  return /["'$`\\*?[{~]/.test(text) ? undefined : text;
}
