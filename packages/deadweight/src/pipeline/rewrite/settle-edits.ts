import { overlaps } from "../../dockerfile/apply-replacements.ts";
import { editPieces, firstOrigin, textOfPieces, type TextPiece } from "../../dockerfile/text-pieces.ts";
import type { Edit, EditContext, EditNote, Proposal, Proposals } from "../../contracts/edit.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Dockerfile, Instruction, Replacement } from "../../model/dockerfile.ts";

/** A proposal with the edit that made it and where its instruction stood in the file as given; undefined for one that an edit put in. */
export interface Placed<T> {
  readonly edit: Edit;
  readonly what: T;
  readonly origin: number | undefined;
}

/** What came of proposing until nothing changed. */
export interface SettledEdits {
  /** In the order in which they were made; pieces name them by their place here. */
  readonly made: readonly Placed<Proposal>[];
  readonly advice: readonly Placed<Proposal>[];
  readonly notes: readonly Placed<EditNote>[];
  readonly silenced: readonly Placed<Proposal>[];
  readonly pieces: readonly TextPiece[];
}

/** What proposing needs to know. */
export interface Settling {
  /** Those that may be used, lower orders first. */
  readonly edits: readonly Edit[];
  readonly parse: (text: string) => Dockerfile;
  readonly contextOf: (dockerfile: Dockerfile, pieces: readonly TextPiece[]) => EditContext;
  readonly isSilenced: (edit: Edit, dockerfile: Dockerfile, instruction: Instruction) => boolean;
}

// Edits settle in two or three passes; one that goes on proposing is stopped here and told of.
const mostPasses = 12;

/** Applies what edits propose, reads the result and lets them propose again, until nothing is left to change. */
export function settleEdits(text: string, settling: Settling): SettledEdits {
  const made: Placed<Proposal>[] = [];
  const failed: Placed<EditNote>[] = [];
  const refused = new Set<string>();
  let pieces: readonly TextPiece[] = [{ text, origin: 0, changes: [] }];
  const refuse = ({ edit, what, origin }: Placed<Proposal>, reason: string): void => {
    refused.add(keyOf(edit, what, textOfPieces(pieces)));
    const message = `left out: ${reason}`;
    if (failed.some((one) => one.edit === edit && one.origin === origin && one.what.message === message)) return;
    failed.push({ edit, origin, what: { instruction: what.instruction, message } });
  };
  for (let pass = 1; ; pass++) {
    const found = proposalsFor(pieces, settling, refused);
    const batch = apart(found.proposals);
    if (batch.length === 0) return { ...found, notes: [...failed, ...found.notes], made, pieces };
    if (pass > mostPasses) {
      const notes = batch.map(({ edit, what, origin }) => ({
        edit,
        origin,
        what: { instruction: what.instruction, message: "its changes don't come to an end" },
      }));
      return { ...found, notes: [...failed, ...notes, ...found.notes], made, pieces };
    }
    const group = readableOf(found.dockerfile, batch, settling, refuse);
    pieces = editPieces(pieces, numbered(group, made.length));
    made.push(...group);
  }
}

/** Those of a batch that can be made at once; what can't stand by itself is refused. */
function readableOf(
  dockerfile: Dockerfile,
  batch: readonly Placed<Proposal>[],
  settling: Settling,
  refuse: (one: Placed<Proposal>, reason: string) => void,
): readonly Placed<Proposal>[] {
  if (keepKeywords(dockerfile, batch) && unreadable(dockerfile, batch, settling) === undefined) return batch;
  const isEachTried = dockerfile.text.length * batch.length <= mostReadAlone;
  const sound = batch.filter((one) => {
    const reason = isEachTried ? unreadable(dockerfile, [one], settling) : undefined;
    if (reason !== undefined) refuse(one, reason);
    return reason === undefined;
  });
  const wrong = sound.length === 0 ? undefined : unreadable(dockerfile, sound, settling);
  if (wrong === undefined) return sound;
  // Together they fail: the first alone, what follows it is proposed again.
  if (isEachTried) return sound.slice(0, 1);
  for (const one of sound) refuse(one, wrong);
  return [];
}

// Reading a Dockerfile of usual size for each proposal takes a millisecond.
const mostReadAlone = 50_000_000;

/** Whether every instruction can be found again in the result: one whose keyword goes could hide that another one swallows it. */
function keepKeywords({ instructions }: Dockerfile, batch: readonly Placed<Proposal>[]): boolean {
  const replacements = numbered(batch, 0);
  let next = 0;
  return replacements.every(({ start, end }) => {
    while (instructions[next] && (instructions[next]?.start ?? 0) < start) next += 1;
    return end <= (instructions[next]?.start ?? end);
  });
}

interface Found extends Omit<SettledEdits, "made" | "pieces"> {
  readonly dockerfile: Dockerfile;
  readonly proposals: readonly Placed<Proposal>[];
}

function proposalsFor(pieces: readonly TextPiece[], settling: Settling, refused: ReadonlySet<string>): Found {
  const { edits, parse, contextOf, isSilenced } = settling;
  const text = textOfPieces(pieces);
  const dockerfile = parse(text);
  const context = contextOf(dockerfile, pieces);
  const place = <T extends { readonly instruction: Instruction }>(edit: Edit, what: T): Placed<T> => ({
    edit,
    what,
    origin: firstOrigin(pieces, what.instruction),
  });
  const said = edits.map((edit) => ({ edit, ...attempt(edit, context) }));
  const all = said.flatMap(({ edit, proposals }) => proposals.map((proposal) => place(edit, proposal)));
  const heard = all.filter(({ edit, what }) => !isSilenced(edit, dockerfile, what.instruction));
  const notes = said.flatMap(({ edit, notes: own }) => own.map((note) => place(edit, note)));
  return {
    dockerfile,
    proposals: heard.filter(({ edit, what }) => changes(text, what) && !refused.has(keyOf(edit, what, text))),
    advice: heard.filter(({ what }) => what.replacements.length === 0),
    silenced: all.filter(({ edit, what }) => isSilenced(edit, dockerfile, what.instruction)),
    notes: notes.filter(({ edit, what }) => !isSilenced(edit, dockerfile, what.instruction)),
  };
}

/** An edit that fails says nothing but that; the others stand. */
function attempt(edit: Edit, context: EditContext): Proposals {
  try {
    return edit.propose(context);
  } catch (error) {
    const message = `crashed: ${error instanceof Error ? error.message : String(error)}`;
    return { proposals: [], notes: [{ instruction: context.target.from, message }] };
  }
}

function changes(text: string, proposal: Proposal): boolean {
  return proposal.replacements.some((one) => text.slice(one.start, one.end) !== one.text);
}

function keyOf(edit: Edit, proposal: Proposal, text: string): string {
  return JSON.stringify([edit.name, proposal.replacements, text.length]);
}

/** The proposals that leave each other's characters alone; of two that want the same, the first has them. */
function apart(proposals: readonly Placed<Proposal>[]): readonly Placed<Proposal>[] {
  const taken: Replacement[] = [];
  return proposals.filter(({ what: { replacements } }) => {
    if (replacements.some((one) => taken.some((other) => overlaps(one, other)))) return false;
    taken.push(...replacements);
    return true;
  });
}

function numbered(group: readonly Placed<Proposal>[], first: number): readonly (Replacement & { readonly change: number })[] {
  return group
    .flatMap(({ what }, index) => what.replacements.map((replacement) => ({ ...replacement, change: first + index })))
    .sort((one, other) => one.start - other.start || one.end - other.end);
}

/** Why the result of proposals can't stand: it is no Dockerfile, or an instruction that none of them touches is another one. */
function unreadable(before: Dockerfile, group: readonly Placed<Proposal>[], { parse }: Settling): string | undefined {
  const replacements = numbered(group, 0);
  const pieces = editPieces([{ text: before.text, origin: 0, changes: [] }], replacements);
  try {
    const after = parse(textOfPieces(pieces));
    const byStart = new Map(after.instructions.map((instruction) => [firstOrigin(pieces, instruction), instruction]));
    const changed = before.instructions
      .filter((instruction) => !replacements.some((one) => touches(one, instruction)))
      .find((instruction) => !isSame(before, instruction, after, byStart.get(instruction.start)));
    if (changed) return `line ${changed.line}, which nothing changes, would mean something else`;
    const gone = before.instructions.find(
      ({ start, keyword }) =>
        !replacements.some((one) => one.start <= start && start < one.end) && byStart.get(start)?.keyword !== keyword,
    );
    return gone && `line ${gone.line} would be no instruction any more`;
  } catch (error) {
    if (error instanceof UserError) return `the result can't be read: ${error.message}`;
    throw error;
  }
}

/** What is put in right behind an instruction may belong to it, as `&& more` does; what stands before it does not. */
function touches({ start, end }: Replacement, instruction: Instruction): boolean {
  if (start === end) return instruction.start < start && start <= instruction.end;
  return start < instruction.end && instruction.start < end;
}

function isSame(before: Dockerfile, one: Instruction, after: Dockerfile, other: Instruction | undefined): boolean {
  if (other?.keyword !== one.keyword || other.heredocs.length !== one.heredocs.length) return false;
  return before.text.slice(one.start, one.end) === after.text.slice(other.start, other.end);
}
