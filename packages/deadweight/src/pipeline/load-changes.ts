import { asRecord, parseJson } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import { changeActions, type ChangeAction } from "../model/optimization.ts";
import { readBounded } from "./load-report.ts";

/** What was to become of paths, as `optimize` has written it. Paths are texts. */
export interface PlannedChanges {
  /** Digest of the image that was changed; undefined when the file does not say. */
  readonly source: string | undefined;
  readonly actions: ReadonlyMap<string, ReadonlySet<ChangeAction>>;
}

/** The changes in a file that `optimize --changes` or `optimize -f json` wrote. Throws UserError. */
export async function loadChanges(path: string): Promise<PlannedChanges> {
  const what = `could not read the changes ${path}`;
  const root = asRecord(parseJson(await readBounded(path, what), what));
  const changes = root?.["changes"];
  if (!Array.isArray(changes)) {
    throw new UserError("unreadable", `${what}: it has no list of changes`, {
      hint: "give the file that `deadweight optimize IMAGE -o DEST --changes FILE` wrote",
    });
  }
  const actions = new Map<string, Set<ChangeAction>>();
  for (const [place, change] of changes.entries()) {
    const { path: changed, action: name } = asRecord(change) ?? {};
    const action = changeActions.find((known) => known === name);
    if (typeof changed !== "string" || action === undefined)
      throw new UserError(
        "unreadable",
        `${what}: changes[${place}] has no path, or an action that is none of ${changeActions.join(", ")}`,
      );
    actions.set(changed, (actions.get(changed) ?? new Set<ChangeAction>()).add(action));
  }
  const digest = (asRecord(root?.["source"]) ?? asRecord(root?.["image"]))?.["digest"];
  return { source: typeof digest === "string" ? digest : undefined, actions };
}
