import { styleText } from "node:util";
import type { Command } from "commander";
import type { Rule } from "../index.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { wrapText } from "../lib/text-width.ts";
import { UserError } from "../lib/user-error.ts";
import { allowsColour } from "./allows-colour.ts";
import { type Session, type Toolkit, type Work, write } from "./session.ts";
import { terminalWidth } from "./terminal-width.ts";

/** Longer lines are hard to read. */
const mostColumns = 100;

/** Adds `explain`, which tells what a rule means. */
export function addExplain(program: Command, session: Session, { rules }: Toolkit, choose: (work: Work) => void): void {
  program
    .command("explain")
    .summary("what a rule means, how it measures, what it costs to be wrong")
    .description("Explains a rule; without one, lists all.")
    .argument("[rule]", "the name of a rule, as the report has it")
    .action((name: string | undefined) => choose(() => explain(name, session, rules)));
}

async function explain(name: string | undefined, session: Session, rules: readonly Rule[]): Promise<number> {
  const columns = Math.min(mostColumns, terminalWidth(session.stdout, session.environment));
  const lines = name === undefined ? list(rules, columns) : page(ruleNamed(name, rules), columns, session);
  await write(session.stdout, `${lines.join("\n")}\n`);
  return 0;
}

function ruleNamed(name: string, rules: readonly Rule[]): Rule {
  const rule = rules.find((known) => known.name === name);
  if (rule !== undefined) return rule;
  const hint = didYouMean(
    name,
    rules.map((known) => known.name),
  );
  throw new UserError("usage", `rule ${name}: there is none of that name`, { hint, exitCode: 2 });
}

function list(rules: readonly Rule[], columns: number): string[] {
  const width = Math.max(0, ...rules.map(({ name }) => name.length)) + 2;
  return rules.flatMap(({ name, title }) =>
    wrapText(title, Math.max(20, columns - width)).map((line, index) => (index === 0 ? name : "").padEnd(width) + line),
  );
}

function page(rule: Rule, columns: number, { stdout, environment }: Session): string[] {
  const strong = (text: string): string =>
    allowsColour(stdout, environment) ? styleText("bold", text, { validateStream: false }) : text;
  const sections = [
    ["What it means", rule.meaning],
    ["How it measures", rule.measure],
    ["What it costs to be wrong", rule.risk],
  ] as const;
  return [
    strong(rule.name),
    ...wrapText(rule.title, columns),
    ...sections.flatMap(([heading, text]) => ["", strong(heading), ...wrapText(text, columns)]),
  ];
}
