import { styleText } from "node:util";
import type { Command } from "commander";
import type { Edit, Rule } from "../index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { wrapText } from "../lib/text-width.ts";
import { UserError } from "../lib/user-error.ts";
import { allowsColour } from "./allows-colour.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";

/** Longer lines are hard to read. */
const mostColumns = 100;

type Texts = readonly (readonly [heading: string, lines: readonly string[]])[];

interface Explained {
  readonly name: string;
  readonly title: string;
  readonly texts: (columns: number) => Texts;
}

/** Adds `explain`, which tells what a rule means, and what an edit of a Dockerfile does. */
export function addExplain(program: Command, session: Session, { rules, edits }: Toolkit, choose: (work: Work) => void): void {
  const all = [...rules.map(explainedRule), ...edits.map(explainedEdit)];
  program
    .command("explain")
    .summary("what a rule or an edit means, how it measures, what it costs to be wrong")
    .description("Explains a rule, or an edit of Dockerfiles; without one, lists all.")
    .argument("[name]", "the name of a rule or an edit, as reports have it")
    .action((name: string | undefined) => choose(() => explain(name, session, all)));
}

async function explain(name: string | undefined, session: Session, all: readonly Explained[]): Promise<number> {
  const columns = Math.min(mostColumns, terminalWidth(session.stdout, session.environment));
  const lines = name === undefined ? list(all, columns) : page(named(name, all), columns, session);
  await write(session.stdout, `${lines.join("\n")}\n`);
  return 0;
}

function explainedRule({ name, title, meaning, measure, risk }: Rule): Explained {
  return {
    name,
    title,
    texts: (columns) => [
      ["What it means", wrapText(meaning, columns)],
      ["How it measures", wrapText(measure, columns)],
      ["What it costs to be wrong", wrapText(risk, columns)],
    ],
  };
}

/** Code keeps its lines. */
function explainedEdit({ name, title, meaning, risk, safety, checks, example }: Edit): Explained {
  const safe = `${safety}${checks.length === 0 ? "" : `; checked by ${checks.join(", ")}`}`;
  return {
    name,
    title,
    texts: (columns) => [
      ["What it means", wrapText(meaning, columns)],
      ["Before", example.before.trimEnd().split("\n")],
      ...(example.after === example.before ? [] : [["After", example.after.trimEnd().split("\n")] as const]),
      ["Safety", wrapText(safe, columns)],
      ["What it costs to be wrong", wrapText(risk, columns)],
    ],
  };
}

function named(name: string, all: readonly Explained[]): Explained {
  const found = all.find((known) => known.name === name);
  if (found !== undefined) return found;
  const hint = didYouMean(
    name,
    all.map((known) => known.name),
  );
  throw new UserError("usage", `rule or edit ${name}: there is none of that name`, { hint, exitCode: 2 });
}

function list(all: readonly Explained[], columns: number): string[] {
  const width = Math.max(0, ...all.map(({ name }) => name.length)) + 2;
  return all.flatMap(({ name, title }) =>
    wrapText(title, Math.max(20, columns - width)).map((line, index) => (index === 0 ? name : "").padEnd(width) + line),
  );
}

function page({ name, title, texts }: Explained, columns: number, { stdout, environment }: Session): string[] {
  const strong = (text: string): string =>
    allowsColour(stdout, environment) ? styleText("bold", text, { validateStream: false }) : text;
  return [
    strong(name),
    ...wrapText(title, columns),
    ...texts(columns).flatMap(([heading, lines]) => ["", strong(heading), ...lines]),
  ];
}
