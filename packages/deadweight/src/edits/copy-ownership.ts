import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { hasOption, type CommandUse } from "../dockerfile/command-use.ts";
import { fileTree } from "../facts/file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import type { Instruction, Replacement } from "../model/dockerfile.ts";
import { changeOf, pathsOf, type Change } from "./copy-ownership/change.ts";
import { whatRemains } from "./copy-ownership/what-remains.ts";
import { whyNot, whyNotBeside } from "./copy-ownership/why-not.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { layerClaims, unknownSaving } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";

const name = "copy-ownership";

/** Owners and modes given by COPY. */
export const copyOwnership: Edit = defineEdit({
  name,
  title: "COPY --chown and --chmod instead of a RUN that stores every file again",
  safety: "verified",
  order: 25,
  meaning:
    "`RUN chown -R app /srv` stores all of /srv a second time, since a layer can't say that only the owner changed. COPY --chown gives the " +
    "owner when the files are brought. The same goes for chmod of a file that was copied.",
  risk:
    "The user must exist where COPY stands: a name is taken only when a RUN above creates it, or when it is a number. The folder itself keeps " +
    "its chown, without -R, as COPY leaves folders that exist as they are. `chmod -R` with an octal mode is for files and folders alike, as --chmod is; " +
    "modes such as `u=rwX` are left alone, since BuildKit of Docker 20.10 passes over them without a word, and the bits that set the user, which it drops. So are files that another " +
    "command may have written and folders of the base image: it is only said.",
  checks: ["modes-and-owners", "file-tree", "health"],
  example: {
    before: "FROM debian:bookworm\nRUN useradd app\nCOPY . /srv\nRUN chown -R app:app /srv\n",
    after: "FROM debian:bookworm\nRUN useradd app\nCOPY --chown=app:app . /srv\nRUN chown app:app /srv\n",
  },
  propose: (context) => gathered(shippedSteps(context).flatMap((step) => findingsFor(context, step))),
});

interface Judged extends Change {
  readonly why?: string | undefined;
}

function findingsFor(context: EditContext, step: ScriptStep): readonly Finding[] {
  const judged = judgedTogether(step, changesOf(context, step));
  const { instruction } = step;
  const moving = judged.filter(({ why }) => why === undefined);
  const notes = judged.flatMap((one): Finding[] =>
    one.why === undefined ? [] : [{ instruction, message: `${messageOf([one])}; left alone: ${one.why}` }],
  );
  if (moving.length === 0) return notes;
  const saving = savingFor(context, step, moving);
  if (typeof saving === "string") return [...notes, { instruction, message: `${messageOf(moving)}; left alone: ${saving}` }];
  if (saving === undefined) return notes;
  const replacements = [...flagsBehind(moving), ...whatRemains(context.dockerfile, step, moving)];
  const reason = "the files get the same owner and mode when they are brought";
  const inOrder = replacements.sort((one, other) => one.start - other.start);
  return [...notes, { instruction, message: messageOf(moving), reason, replacements: inOrder, saving }];
}

function messageOf(changes: readonly Change[]): string {
  const tools = [...new Set(changes.map(({ use }) => use.tool))].join(" and ");
  const lines = [...new Set(changes.flatMap(({ copies }) => copies.map(({ line }) => line)))].sort((one, other) => one - other);
  const verb = tools.includes(" ") ? "store" : "stores";
  return `${tools} ${verb} again what ${lines.map((line) => `line ${line}`).join(", ")} copied`;
}

function changesOf(context: EditContext, step: ScriptStep): readonly Judged[] {
  return step.uses.flatMap((use): Judged[] => {
    const change = changeOf(context, step, use);
    if (change === undefined) return [];
    const why =
      change.flag === undefined ? `COPY knows no ${JSON.stringify(change.whom)} of this kind` : whyNot(context, step, change);
    return [{ ...change, why }];
  });
}

/** Those that move nothing beside another of the RUN that stays, and two that want the same flag of a COPY, stay too. */
function judgedTogether(step: ScriptStep, judged: readonly Judged[]): readonly Judged[] {
  const rivals = step.uses.filter(({ tool }) => tool === "chown" || tool === "chmod");
  const after = judged.map((one): Judged => {
    if (one.why !== undefined) return one;
    const twice = judged.find(
      (other) => other !== one && other.use.tool === one.use.tool && other.copies.some((copy) => one.copies.includes(copy)),
    );
    if (twice !== undefined) return { ...one, why: `${one.use.tool} is called twice for it` };
    const moves = (use: CommandUse): boolean => judged.some((other) => other.use === use && other.why === undefined);
    const why = rivals.flatMap((use) => (use === one.use || moves(use) ? [] : (whyNotBeside(one, use) ?? [])))[0];
    return { ...one, why };
  });
  // What stays now may be what another moves beside.
  return after.some((one, index) => one.why !== judged[index]?.why) ? judgedTogether(step, after) : after;
}

function flagsBehind(changes: readonly Change[]): readonly Replacement[] {
  const byCopy = new Map<Instruction, string[]>();
  for (const { copies, flag = "" } of changes) for (const copy of copies) byCopy.set(copy, [...(byCopy.get(copy) ?? []), flag]);
  return [...byCopy].map(([copy, flags]) => {
    const at = copy.start + copy.keyword.length;
    return { start: at, end: at, text: ` ${flags.sort().reverse().join(" ")}` };
  });
}

/** What the RUN's layer holds again of files that are moved; in words, why the image shows that they are not those of COPY. */
function savingFor(
  context: EditContext,
  { instruction, uses }: ScriptStep,
  moving: readonly Change[],
): ProposedSaving | string | undefined {
  const { built } = context;
  if (built === undefined || built.layersOf(instruction).length === 0) return unknownSaving;
  const tree = built.facts.get(fileTree);
  const stranger = strangerIn(context, instruction, moving);
  if (stranger !== undefined) return `/${stranger} is not from there`;
  const moves = new Set(moving.map(({ use }) => use));
  const staying = uses.filter((use) => /^ch(?:own|mod)$/.test(use.tool) && !moves.has(use));
  const claims = layerClaims(context, instruction, ["metadata-rewrites"]).filter(({ entry }) => {
    const path = `/${textOf(tree.path(entry))}`;
    return moving.some(({ reaches }) => isReached(path, reaches)) && !staying.some((use) => isReached(path, reachesOf(use)));
  });
  return claims.length > 0 || context.isAsked(name) ? { claims } : undefined;
}

function reachesOf(use: CommandUse): Change["reaches"] {
  const isRecursive = hasOption(use, "-R", "--recursive");
  return (pathsOf(use) ?? []).map((path) => ({ path, isRecursive }));
}

function isReached(path: string, reaches: Change["reaches"]): boolean {
  return reaches.some((one) => path === one.path || (one.isRecursive && path.startsWith(`${one.path}/`)));
}

/** Something that the RUN changed below its paths, and that no COPY of them brought, or a folder that was there before. */
function strangerIn({ built }: EditContext, instruction: Instruction, moving: readonly Change[]): string | undefined {
  if (built === undefined) return undefined;
  const tree = built.facts.get(fileTree);
  const layers = new Set(built.layersOf(instruction));
  const sources = new Set(moving.flatMap(({ copies }) => copies.flatMap((copy) => built.layersOf(copy))));
  if (sources.size === 0) return undefined;
  for (let entry = 0; entry < tree.entryCount; entry++) {
    if (!layers.has(tree.layerOf(entry)) || !tree.isLive(entry)) continue;
    const path = textOf(tree.path(entry));
    const isBelow = moving.some(({ reaches }) => reaches.some((one) => one.isRecursive && `/${path}`.startsWith(`${one.path}/`)));
    if (!isBelow) continue;
    const from = tree.stored(tree.nodeOf(entry)).map((one) => tree.layerOf(one));
    const isBrought = tree.type(entry) === "directory" ? sources.has(from[0] ?? -1) : from.some((layer) => sources.has(layer));
    if (!isBrought) return path;
  }
  return undefined;
}
