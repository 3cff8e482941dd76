import { defineEdit, type Edit, type EditContext } from "../contracts/edit.ts";
import type { CommandUse } from "../dockerfile/command-use.ts";
import { isMounted, isRoot, type RunStep } from "../dockerfile/run-steps.ts";
import { programOf } from "../dockerfile/shell-script.ts";
import type { Replacement } from "../model/dockerfile.ts";
import { cacheFolderOf, homeOf, variableOf, type CacheKind } from "./evidence/cache-use.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { savingOf } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";

const name = "cache-mounts";

interface Kind extends CacheKind {
  readonly tool: CommandUse["tool"];
  readonly verbs: RegExp;
  /** Options and variables by which the tool keeps nothing. */
  readonly options: readonly string[];
  readonly switches: readonly string[];
}

const kinds: readonly Kind[] = [
  {
    tool: "pip",
    verbs: /^(?:install|wheel)$/,
    variable: "PIP_CACHE_DIR",
    folder: "pip",
    options: ["--no-cache-dir"],
    switches: ["PIP_NO_CACHE_DIR"],
  },
  {
    tool: "uv",
    verbs: /^(?:pip install|sync|add)$/,
    variable: "UV_CACHE_DIR",
    folder: "uv",
    options: ["--no-cache", "-n"],
    switches: ["UV_NO_CACHE"],
  },
  { tool: "npm", verbs: /^(?:ci|install|i)$/, variable: "npm_config_cache", folder: "npm", options: [], switches: [] },
];

/** Downloads kept beside the image. */
export const cacheMounts: Edit = defineEdit({
  name,
  title: "RUN --mount=type=cache, so that downloads are kept for the next build and not in the image",
  safety: "opt-in",
  order: 80,
  meaning:
    "A cache mount keeps what pip, uv and npm download beside the image: the next build reads it instead of downloading again, and the " +
    "image has none of it. --no-cache-dir and the removal of the cache, which would empty it, are dropped in the same RUN.",
  risk:
    "Builders without BuildKit refuse --mount, and kaniko keeps the cache in the image, which is then larger than with --no-cache-dir. " +
    "Left alone are RUNs of a user who is known by name alone, since the mount needs a number, frontends that are not Docker's own, and " +
    "caches that a variable turns off. apt is left alone: official images empty its archives by themselves.",
  checks: ["package-databases", "python-imports"],
  example: {
    before: "FROM python:3.11-slim\nRUN pip install --no-cache-dir torch\n",
    after: "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/pip,sharing=locked pip install torch\n",
  },
  propose: (context) => gathered(context.isAsked(name) ? shippedSteps(context).map((step) => findingFor(context, step)) : []),
});

function findingFor(context: EditContext, step: ScriptStep): Finding {
  const { instruction } = step;
  const found = kinds.flatMap((kind) => {
    const uses = step.uses.filter(({ tool, verb }) => tool === kind.tool && kind.verbs.test(verb));
    const [use] = uses;
    return use === undefined || isMounted(step, folderOf(step, use, kind))
      ? []
      : [{ kind, uses, folder: folderOf(step, use, kind) }];
  });
  if (found.length === 0) return undefined;
  const off = found.flatMap(({ kind, uses }) =>
    uses.flatMap((use) => kind.switches.filter((one) => variableOf(step, use, one) !== undefined)),
  )[0];
  const refusal =
    frontendRefusal(context) ?? ownerRefusal(step) ?? (off === undefined ? undefined : `${off} turns the cache off`);
  if (refusal !== undefined) return { instruction, message: `no cache mount: ${refusal}` };
  const cleanups = cleanupsOf(step);
  if (cleanups === undefined)
    return { instruction, message: "no cache mount: what removes the cache stands where it can't be taken out" };
  const mounts = found.map(({ folder }) => `--mount=type=cache,target=${folder},sharing=locked${ownerOf(step)} `);
  const { start } = instruction.rest;
  return {
    instruction,
    message: "downloads can be kept for the next build, outside of the image",
    reason: "what is installed is the same, whatever the mount holds",
    replacements: [
      { start, end: start, text: mounts.join("") },
      ...[...found.flatMap(({ kind, uses }) => uses.flatMap((use) => droppedOptions(context, use, kind))), ...cleanups].sort(
        (one, other) => one.start - other.start,
      ),
    ],
    saving: savingOf(context, name, instruction, ["pip-cache", "uv-cache", "npm-cache"], {
      bytes: 0,
      source: "none in the image where --no-cache-dir is set: the next build downloads less",
    }) ?? { claims: [] },
  };
}

function folderOf(step: RunStep, use: CommandUse, kind: Kind): string {
  return kind.tool === "npm" ? (variableOf(step, use, kind.variable) ?? `${homeOf(step)}/.npm`) : cacheFolderOf(step, use, kind);
}

/** --mount is of Dockerfile 1.2; later frontends that Docker builds in have it. */
function frontendRefusal({ dockerfile }: EditContext): string | undefined {
  const syntax = dockerfile.directives.get("syntax");
  if (syntax === undefined) return undefined;
  const [isKnown, minor] = /^docker\/dockerfile:1(?:\.(\d+)(?:[.-].*)?)?$/.exec(syntax) ?? [];
  return isKnown !== undefined && (minor === undefined || Number(minor) >= 2)
    ? undefined
    : `the frontend ${syntax} may not know it`;
}

function ownerRefusal(step: RunStep): string | undefined {
  if (isRoot(step)) return undefined;
  if (!/^\d+(?::\d+)?$/.test(step.user ?? "")) return `the number of the user ${step.user} is not known`;
  return step.environment().get("HOME") === undefined ? "the home of the user is not known" : undefined;
}

function ownerOf(step: RunStep): string {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(step.user ?? "") ?? [];
  return uid === undefined || uid === "0" ? "" : `,uid=${uid}${gid === undefined ? "" : `,gid=${gid}`}`;
}

/** The options with the white space before them. */
function droppedOptions({ dockerfile }: EditContext, { options, command }: CommandUse, kind: Kind): readonly Replacement[] {
  return options
    .filter(({ name: option, word }) => kind.options.includes(option) && word.value === option)
    .flatMap(({ word }) => {
      const before = command.words.findLast(({ end }) => end <= word.start);
      const isPlain = before !== undefined && /^[\s\\]+$/.test(dockerfile.text.slice(before.end, word.start));
      return isPlain ? [{ start: before.end, end: word.end, text: "" }] : [];
    });
}

/** The steps of `&&` lists that remove a cache; undefined when one can't be taken out. */
function cleanupsOf({ script }: ScriptStep): readonly Replacement[] | undefined {
  const removals = script.commands.filter((command) => {
    const text = command.words.map((word) => word.text).join(" ");
    return (
      (programOf(command) === "rm" && /\.cache\b|\.npm\b/.test(text)) ||
      /^\S*(?:pip\S* cache purge|uv cache clean|npm cache clean)/.test(text)
    );
  });
  const ranges = removals.map((command): Replacement | undefined => {
    const statement = script.statements[command.statement];
    const [before, own] = [statement?.steps[command.step - 1], statement?.steps[command.step]];
    const isInList = command.nesting === undefined && statement?.operators[command.step - 1] === "&&";
    return isInList && before && own ? { start: before.end, end: own.end, text: "" } : undefined;
  });
  const found = ranges.filter((range) => range !== undefined);
  return found.length === ranges.length ? found : undefined;
}
