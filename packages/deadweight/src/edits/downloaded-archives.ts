import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { hasOption, optionValue, type CommandUse } from "../dockerfile/command-use.ts";
import { isMounted } from "../dockerfile/run-steps.ts";
import { insertAfterCommand } from "../dockerfile/script-insertions.ts";
import { programOf } from "../dockerfile/shell-script.ts";
import { fileTree } from "../facts/file-tree.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { byteStringFromText } from "../lib/byte-string.ts";
import { sudoOf } from "./evidence/appended.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { unknownSaving } from "./evidence/saving.ts";
import { shippedSteps, type ScriptStep } from "./evidence/shipped-steps.ts";

const name = "downloaded-archives";

/** Archives removed once they are unpacked. */
export const downloadedArchives: Edit = defineEdit({
  name,
  title: "Downloaded archives removed in the RUN that unpacks them",
  safety: "verified",
  order: 34,
  meaning:
    "An archive that a RUN downloads and unpacks, or a .deb that it installs, stays in the layer beside what came out of it, unless the " +
    "same RUN removes it.",
  risk:
    "Something may use the archive later. It is removed only when its name is literal, the RUN downloads and unpacks it, and neither the rest of the RUN nor the " +
    "rest of the Dockerfile mentions it or a pattern that could mean it. Within control flow and pipes nothing is changed.",
  checks: ["file-tree", "start"],
  example: {
    before: "FROM debian:bookworm\nRUN wget -q https://mirror.example/tool-1.0.tar.gz && tar -xzf tool-1.0.tar.gz -C /opt\n",
    after:
      "FROM debian:bookworm\nRUN wget -q https://mirror.example/tool-1.0.tar.gz && tar -xzf tool-1.0.tar.gz -C /opt && rm -f tool-1.0.tar.gz\n",
  },
  propose: (context) => gathered(shippedSteps(context).flatMap((step) => findingsFor(context, step))),
});

function findingsFor(context: EditContext, step: ScriptStep): Finding[] {
  const downloads = new Set(step.uses.flatMap(downloadedTo));
  const seen = new Set<string>();
  return step.uses.flatMap((use): Finding[] => {
    const path = unpackedBy(use);
    if (
      path === undefined ||
      seen.has(path) ||
      !isDownloaded(downloads, path) ||
      isMounted(step, path.startsWith("/") ? path : "/?")
    )
      return [];
    seen.add(path);
    return isMentionedLater(context, step, use, path) ? [] : [findingFor(context, step, use, path)];
  });
}

function findingFor(context: EditContext, step: ScriptStep, use: CommandUse, path: string): Finding {
  const { instruction } = step;
  const saving = savingFor(context, step, path);
  if (saving === undefined) return undefined;
  const insertion = insertAfterCommand(context.dockerfile, step.script, use.command, `${sudoOf(use.command)}rm -f ${path}`);
  if ("refused" in insertion) return { instruction, message: `${path} stays: ${insertion.refused}` };
  return {
    instruction,
    message: `${path} stays in the layer beside what was unpacked`,
    reason: "nothing else in the Dockerfile names the archive",
    replacements: [insertion.replacement],
    saving,
  };
}

/** Names that need no quotes. */
const plainPath = /^[\w@%+./:~-]+$/;

/** The file that wget or curl writes. */
function downloadedTo(use: CommandUse): string[] {
  if (use.tool === "wget") {
    const given = optionValue(use, "-O", "--output-document");
    const folder = optionValue(use, "-P", "--directory-prefix");
    if (given !== undefined) return [given];
    if (hasOption(use, "-O", "--output-document") || use.operands.length === 0) return [];
    return use.operands.flatMap(({ value }) =>
      lastPart(value).map((file) => (folder === undefined ? file : `${folder.replace(/\/$/, "")}/${file}`)),
    );
  }
  if (use.tool !== "curl") return [];
  const given = optionValue(use, "-o", "--output");
  if (given !== undefined) return [given];
  return hasOption(use, "-O", "--remote-name") ? use.operands.flatMap(({ value }) => lastPart(value)) : [];
}

function lastPart(address: string | undefined): string[] {
  const file = address?.replace(/[?#].*$/s, "").replace(/^.*\//s, "") ?? "";
  return file === "" ? [] : [file];
}

/** The archive that a command unpacks or installs. */
function unpackedBy(use: CommandUse): string | undefined {
  const path = archiveOf(use);
  return path !== undefined && plainPath.test(path) && path !== "-" ? path : undefined;
}

function archiveOf(use: CommandUse): string | undefined {
  const [first] = use.operands;
  if (use.tool === "unzip") return first?.value;
  if (use.tool === "dpkg") return hasOption(use, "-i", "--install") && use.operands.length === 1 ? first?.value : undefined;
  if (use.tool === "apt" && use.verb === "install")
    return use.operands.find(({ value }) => /^\.?\/.*\.deb$/.test(value ?? ""))?.value;
  if (use.tool !== "tar") return undefined;
  if (hasOption(use, "-x", "--extract", "--get")) return optionValue(use, "-f", "--file");
  return /^[a-z]*x[a-z]*f[a-z]*$/.test(first?.value ?? "") ? use.operands[1]?.value : undefined;
}

function isDownloaded(downloads: ReadonlySet<string>, path: string): boolean {
  return downloads.has(path) || downloads.has(path.replace(/^\.\//, ""));
}

/** By its name, or by a pattern that its name could fit. */
function isMentionedLater(
  { dockerfile }: EditContext,
  { script, instruction }: ScriptStep,
  use: CommandUse,
  path: string,
): boolean {
  const file = path.replace(/^.*\//, "");
  const stem = file.replace(/(?:\.tar)?\.[^.]+$/, "");
  const within = script.commands.filter((command) => command.start > use.command.start && programOf(command) !== "echo");
  const words = within.flatMap((command) => [...command.words, ...command.redirects.flatMap(({ target }) => target ?? [])]);
  if (
    words.some(({ text, value }) => text.includes(file) || (value === undefined && /[*?[]/.test(text) && couldMean(text, file)))
  )
    return true;
  const rest = dockerfile.text.slice(instruction.end);
  return rest.includes(file) || new RegExp(`\\*\\.${file.replace(/^.*\./, "")}\\b`).test(rest) || rest.includes(`${stem}.`);
}

function couldMean(pattern: string, file: string): boolean {
  const last = pattern.replace(/^.*\//, "").replace(/["']/g, "");
  if (/[[{$]/.test(last)) return true;
  const escaped = last
    .replace(/[\\^.+()|]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`).test(file);
}

function savingFor(
  { built, isAsked }: EditContext,
  { instruction, folder, script }: ScriptStep,
  path: string,
): ProposedSaving | undefined {
  const layers = built?.layersOf(instruction) ?? [];
  if (built === undefined || layers.length === 0) return unknownSaving;
  const isMoved = script.commands.some((command) => /^(?:cd|pushd)$/.test(programOf(command)));
  const tree = built.facts.get(fileTree);
  const relative = path.replace(/^\.\//, "");
  const nodes =
    path.startsWith("/") || (folder !== undefined && !isMoved)
      ? [
          tree.find(
            byteStringFromText(path.startsWith("/") ? path.slice(1) : `${folder?.slice(1) ?? ""}/${relative}`.replace(/^\//, "")),
          ),
        ]
      : [...tree.glob(`**/${relative}`)].map((node) => tree.visible(node));
  const entries = nodes.filter((entry) => entry >= 0 && layers.includes(tree.layerOf(entry)));
  if (entries.length === 0 && !isAsked(name)) return undefined;
  return { claims: removalClaims(tree, entries) };
}
