import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineEdit, type Edit, type EditContext, type Proposals } from "../../src/contracts/edit.ts";
import type { RewriteOptions } from "../../src/index.ts";
import type { Instruction } from "../../src/model/dockerfile.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Options of a rewriting without an image, with an empty environment. */
export function rewriteOptions(changes: Partial<RewriteOptions> = {}): RewriteOptions {
  return {
    environment: {},
    signal: new AbortController().signal,
    insecure: [],
    cache: false,
    temporaryFolder: temporaryFolder(),
    level: "verified",
    ...changes,
  };
}

/** A folder with these files; gives the path of its Dockerfile. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return join(folder, "Dockerfile");
}

/** An edit made for a test, of which only what it proposes is told. */
export function editOf(name: string, propose: (context: EditContext) => Proposals, changes: Partial<Edit> = {}): Edit {
  const said = { title: name, meaning: name, risk: name, checks: [], example: { before: "", after: "" } };
  return defineEdit({ name, safety: "lossless", order: 10, ...said, propose, ...changes });
}

/** An edit that replaces a text wherever an instruction holds it, and says that it saves a byte for each. */
export function replacing(name: string, from: string, to: string, changes: Partial<Edit> = {}): Edit {
  return editOf(
    name,
    ({ dockerfile }) => ({
      proposals: dockerfile.instructions.flatMap((one) => proposalIn(dockerfile.text, one, from, to)),
      notes: [],
    }),
    changes,
  );
}

function proposalIn(text: string, instruction: Instruction, from: string, to: string): Proposals["proposals"] {
  const start = text.indexOf(from, instruction.start);
  if (start < 0 || start >= instruction.end) return [];
  return [
    {
      instruction,
      message: `${from} stands there`,
      reason: `${to} is as good`,
      replacements: [{ start, end: start + from.length, text: to }],
      saving: { bytes: 1, source: "a guess" },
    },
  ];
}
