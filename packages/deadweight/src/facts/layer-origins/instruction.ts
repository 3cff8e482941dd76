// What builders write into a history row's created_by. The legacy builder (moby builder/dockerfile/dispatchers.go):
// `/bin/sh -c #(nop) COPY dir:HASH in /app`, `/bin/sh -c apt-get update`, with build arguments `|1 A=b /bin/sh -c …`; podman
// does the same. BuildKit (frontend/dockerfile/dockerfile2llb): `RUN /bin/sh -c apt-get update # buildkit`, `COPY a b # buildkit`.
import type { HistoryRow } from "../../model/image.ts";

/** An instruction of a Dockerfile; `keyword` is empty for what another tool wrote. */
export interface Instruction {
  readonly keyword: string;
  readonly instruction: string;
}

const keywords =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(?=\s|$)/;
/** `/bin/sh -c`, `/bin/bash -o pipefail -c`, `/bin/bash -lc`: the SHELL of a RUN in shell form. */
const shell = String.raw`(?:\/\S*\/)?(?:sh|bash|ash|dash|zsh|ksh)(?: (?:-\S+|pipefail|errexit|nounset))*? -[a-z]*c\s`;
const shellPrefix = new RegExp(`^${shell}\\s*`);
/** After SHELL the first builder writes that shell here too. */
const noOperation = new RegExp(String.raw`^(?:${shell}|cmd \/S \/C\s)\s*#\(nop\)\s+`);
const buildArguments = new RegExp(String.raw`^\|\d+ (?:[^]*? )??(?=${shell})`);
/** The context's content, by its digest: what the legacy builder knows of a source. */
const hashedSource = /^((?:COPY|ADD)\s+(?:--\S+?\s*)*)((?:dir|file|multi):)([0-9a-f]{12})[0-9a-f]*\s+in\s+/;

/** A history row as the instruction that one would write; both empty when the row says nothing. */
export function instructionOf(row: HistoryRow): Instruction {
  const source = importSource(row);
  if (source !== undefined) return { keyword: "FROM", instruction: `FROM scratch # imported from ${source}` };
  const text = (row.createdBy ?? "").trim().replace(/\s*# buildkit$/, "");
  // debuerreotype makes Debian's official images outside of any Dockerfile.
  if (/^# debian\.sh\s/.test(text)) return { keyword: "FROM", instruction: `FROM scratch ${text}` };
  if (noOperation.test(text)) return asWritten(text.replace(noOperation, "").trim());
  const isRun = /^RUN\s/.test(text);
  const command = text.replace(/^RUN\s+/, "").replace(buildArguments, "");
  if (shellPrefix.test(command)) return { keyword: "RUN", instruction: `RUN ${command.replace(shellPrefix, "")}` };
  return isRun ? { keyword: "RUN", instruction: `RUN ${command}` } : asWritten(text);
}

/** What `docker import` read a layer from: `-`, or an address; undefined for any other row. */
export function importSource(row: HistoryRow): string | undefined {
  return /^Imported from (.+)$/.exec(row.comment?.trim() ?? "")?.[1];
}

function asWritten(text: string): Instruction {
  const instruction = text.replace(hashedSource, (_, start: string, kind: string, hash: string) => {
    return `${start.trim()} ${kind}${hash} `;
  });
  return { keyword: keywords.exec(instruction)?.[1] ?? "", instruction };
}
