import type { InstructionFlag } from "../model/dockerfile.ts";

/** Flags that may stand without a value. */
const switches = new Set(["keep-git-dir", "link", "parents", "unpack"]);

/** What BuildKit refuses of flags, whatever its version: no value, or one that is not there to be given twice. */
export function wrongWithFlags(flags: readonly Pick<InstructionFlag, "name" | "value">[]): string | undefined {
  const empty = flags.find(({ name, value }) => value === undefined && !switches.has(name));
  if (empty) return `--${empty.name} has no value`;
  // RUN --mount and --device, COPY and ADD --exclude may be repeated.
  const twice = flags.find(
    ({ name }, index) => !/^(?:mount|device|exclude)$/.test(name) && flags.findIndex((flag) => flag.name === name) < index,
  );
  return twice ? `--${twice.name} stands there twice` : undefined;
}
