/** A part of a Dockerfile's text, in characters: from `start` up to `end`. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

/** `--name=value` of an instruction; the value as written, variables and quotes included. */
export interface InstructionFlag extends SourceRange {
  readonly name: string;
  /** Absent for a flag without `=`. */
  readonly value?: string;
}

/** A heredoc of RUN, COPY or ADD: `start` and `end` hold its body and the line that ends it. */
export interface Heredoc extends SourceRange {
  readonly delimiter: string;
  /** Whether variables in it are expanded, which a quoted delimiter forbids. */
  readonly expands: boolean;
  /** `<<-`: leading tabs of each line are taken off. */
  readonly stripsTabs: boolean;
  readonly body: SourceRange;
}

/** A word of an exec form, `["a", "b"]`. */
export interface ExecWord extends SourceRange {
  readonly value: string;
}

/** One instruction as written; `start` and `end` hold all its lines, heredocs included, without the last line's ending. */
export interface Instruction extends SourceRange {
  /** In capitals: `RUN`. */
  readonly keyword: string;
  /** Lines counted from 1, both included. */
  readonly line: number;
  readonly endLine: number;
  readonly flags: readonly InstructionFlag[];
  /** What follows keyword and flags, without white space around it and without heredoc bodies. */
  readonly rest: SourceRange;
  /** The words of an exec form; absent for a shell form. */
  readonly exec?: readonly ExecWord[];
  readonly heredocs: readonly Heredoc[];
  /** What ONBUILD holds. */
  readonly trigger?: Instruction;
}

/** FROM and what follows it up to the next. */
export interface Stage {
  readonly index: number;
  /** What `AS` calls it, in lower case. */
  readonly name?: string;
  readonly from: Instruction;
  /** The image or stage of FROM, as written. */
  readonly base: SourceRange & { readonly text: string };
  /** The stage that it builds on, by index, when it is none of an image. */
  readonly parent?: number;
  /** Those after FROM. */
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile whose every character is known by its place. Nothing of the text is lost: edits are replacements of ranges of it. */
export interface Dockerfile {
  readonly text: string;
  /**
   * The text at the same length as a shell may read it. Where continued lines meet, with the comments in between, stand blanks; within a
   * word, `fo\` `o`, stands what a shell joins with nothing: a backslash and a line feed, `$''` before it where the length is odd.
   */
  readonly mask: string;
  readonly escape: "\\" | "`";
  /** Parser directives by name in lower case: `syntax`, `escape`, `check`. */
  readonly directives: ReadonlyMap<string, string>;
  /** All of them in order, those before the first FROM included. */
  readonly instructions: readonly Instruction[];
  readonly stages: readonly Stage[];
  /** `\r\n` when the first line ends so. */
  readonly lineEnding: "\n" | "\r\n";
  /**
   * What `make` makes of the Dockerfile and a key: made when it is first asked for, and once for each key, so that edits share what is read
   * of it. `make` is known by its identity: a function of a module, no closure.
   */
  readonly once: <Key extends object, Value>(make: (dockerfile: Dockerfile, key: Key) => Value, key: Key) => Value;
}

/** New text for a range; an empty range is an insertion. */
export interface Replacement extends SourceRange {
  readonly text: string;
}
