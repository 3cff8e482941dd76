import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { hasOption, type CommandUse } from "../dockerfile/command-use.ts";
import { isMounted, runSteps } from "../dockerfile/run-steps.ts";
import { programOf } from "../dockerfile/shell-script.ts";
import { fileTree } from "../facts/file-tree.ts";
import { packages } from "../facts/packages.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { symlinkTargets } from "../facts/symlink-targets.ts";
import { appended, sudoOf } from "./evidence/appended.ts";
import { homeOf } from "./evidence/cache-use.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { insertOptions } from "./evidence/insert-options.ts";
import { savingOf, unknownSaving } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";

const name = "npm-production";

/** npm and yarn without their caches and without what only developers need. */
export const npmProduction: Edit = defineEdit({
  name,
  title: "npm without development dependencies and without its cache",
  safety: "verified",
  order: 32,
  meaning:
    "`npm ci` and `npm install` bring the devDependencies too, such as bundlers, compilers and test runners, and keep what they downloaded " +
    "in ~/.npm. yarn keeps it in its own cache folder.",
  risk:
    "A stage that builds with those tools, or starts by them, needs the dependencies: where a later RUN calls npm run, npx, tsc and their like, or " +
    "CMD names a development server, they are left. So it is where NODE_ENV is set. The cache goes in any case; a cache mount is left alone.",
  checks: ["package-databases", "health", "start"],
  example: {
    before:
      'FROM node:22-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\nCMD ["node", "server.js"]\n',
    after:
      "FROM node:22-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci --omit=dev && npm cache clean --force\nCOPY . .\n" +
      'CMD ["node", "server.js"]\n',
  },
  propose: (context) =>
    gathered(shippedSteps(context).flatMap((step) => [cacheFinding(context, step), developmentFinding(context, step)])),
});

function isInstall({ tool, verb, command }: CommandUse): boolean {
  if (command.quote !== undefined) return false;
  if (tool === "npm") return /^(?:i|install|ci|add|clean-install)$/.test(verb);
  return tool === "yarn" && /^(?:|install|add|global)(?: add)?$/.test(verb);
}

function cacheFinding(context: EditContext, step: ScriptStep): Finding {
  const last = step.uses.findLast(isInstall);
  if (last === undefined || cleansCache(step)) return undefined;
  const folders =
    last.tool === "npm"
      ? [`${homeOf(step)}/.npm`]
      : ["/usr/local/share/.cache", `${homeOf(step)}/.cache/yarn`, `${homeOf(step)}/.yarn`];
  if (folders.some((folder) => isMounted(step, folder))) return undefined;
  const saving = savingOf(context, name, step.instruction, ["npm-cache"]);
  if (saving === undefined) return undefined;
  const program = `${sudoOf(last.command)}${last.command.words[0]?.text ?? last.tool}`;
  const command = last.tool === "npm" ? `${program} cache clean --force` : `${program} cache clean`;
  const insertion = appended(context, step, command, last.command);
  if ("refused" in insertion)
    return { instruction: step.instruction, message: `the cache of ${last.tool} stays: ${insertion.refused}` };
  return {
    instruction: step.instruction,
    message: `${last.tool} keeps what it downloaded in its cache`,
    reason: "the cache only saves later downloads",
    replacements: [insertion.replacement],
    saving,
  };
}

function cleansCache({ uses }: ScriptStep): boolean {
  return uses.some(
    ({ tool, verb, operands }) =>
      ((tool === "npm" || tool === "yarn") && verb === "cache clean") ||
      (tool === "rm" && operands.some(({ text }) => /\/\.npm(?:\/_cacache)?\/?\*?$|\.cache(?:\/yarn)?\/?\*?$/.test(text))),
  );
}

const buildPrograms = /^(?:npx|tsc|vite|webpack|next|nest|ng|gulp|grunt|rollup|esbuild|turbo|nx|jest|mocha|vitest|bower)$/;

function developmentFinding(context: EditContext, step: ScriptStep): Finding {
  const installs = step.uses.filter(
    (use) =>
      use.tool === "npm" &&
      isInstall(use) &&
      use.operands.length === 0 &&
      !hasOption(use, "--omit", "--production", "--only", "--include", "-g", "--global", "--save-dev", "-D") &&
      !use.command.assignments.has("NODE_ENV"),
  );
  if (installs.length === 0 || step.environment().has("NODE_ENV")) return undefined;
  const why = whyWanted(context, step);
  const { instruction } = step;
  if (why !== undefined)
    return { instruction, message: `development dependencies stay: ${why}; a build stage would leave them out` };
  const saving = developmentSaving(context, step);
  if (saving === undefined) return undefined;
  return {
    instruction,
    message: "development dependencies are installed into the shipped image",
    reason: "no command of the image builds or tests with them",
    replacements: installs.flatMap((use) => insertOptions(use, "--omit=dev")),
    saving,
  };
}

/** The packages that npm itself calls development ones in what it wrote, with the links to their programs. */
function developmentSaving({ built, isAsked }: EditContext, { instruction }: ScriptStep): ProposedSaving | undefined {
  const layers = built?.layersOf(instruction) ?? [];
  if (built === undefined || layers.length === 0) return unknownSaving;
  const tree = built.facts.get(fileTree);
  const isHere = (entry: number): boolean => layers.includes(tree.layerOf(entry));
  const written = [...tree.glob("**/node_modules/.package-lock.json")].map((node) => tree.visible(node));
  if (!written.some(isHere)) return { bytes: 0, source: "not known, as npm says it from version 7 on alone" };
  const found = built.facts.get(packages).final.filter(({ kind, development = false }) => kind === "npm" && development);
  const nodes = found.flatMap(({ folders = [] }) => folders.map((folder) => tree.paths.find(folder)));
  const going = new Set(nodes.filter((node) => node >= 0).flatMap((node) => [...tree.within(node)]));
  const links = built.facts.get(symlinkTargets).flatMap(([link, target]) => (going.has(target) ? [link] : []));
  const entries = [...going, ...links].filter(isHere);
  return entries.length > 0 || isAsked(name) ? { claims: removalClaims(tree, entries) } : undefined;
}

/** What in this stage or those built on it needs them. */
function whyWanted({ dockerfile, shipped, variablesAt }: EditContext, step: ScriptStep): string | undefined {
  const builder = runSteps(dockerfile, shipped, variablesAt)
    .filter(({ instruction }) => instruction.start >= step.instruction.start)
    .find(
      ({ script, uses }) =>
        uses.some(runsScript) || script?.commands.some((command) => buildPrograms.test(programOf(command))) === true,
    );
  if (builder !== undefined) return `line ${builder.instruction.line} builds with them`;
  const starts = shipped.flatMap(({ instructions }) =>
    instructions.filter(({ keyword }) => keyword === "CMD" || keyword === "ENTRYPOINT"),
  );
  const development = starts.find(({ rest }) =>
    /\bdev\b|nodemon|ts-node|tsx|vite|webpack|npx/.test(dockerfile.text.slice(rest.start, rest.end)),
  );
  return development && `line ${development.line} starts with them`;
}

function runsScript({ tool, verb }: CommandUse): boolean {
  return (
    (tool === "npm" && /^(?:run|run-script|test|t|exec|x|build)$/.test(verb)) ||
    (/^(?:yarn|pnpm)$/.test(tool) && !/^(?:|install|add|cache clean|global.*)$/.test(verb))
  );
}
