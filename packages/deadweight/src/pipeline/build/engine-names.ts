import { basename } from "node:path";
import { UserError } from "../../lib/user-error.ts";

/** A name of an image at an engine, in its two parts. */
export interface EngineName {
  /** `registry.example:5000/team/app`. */
  readonly repository: string;
  readonly tag: string;
}

/** Takes a name apart; `latest` where it has no tag. Throws UserError, exit 2, for what no image can be called. */
export function parseEngineName(text: string): EngineName {
  const [, repository = "", tag = "latest"] =
    /^([a-z0-9][a-zA-Z0-9._/:-]*?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?$/.exec(text) ?? [];
  const parts = repository.split("/");
  const isPlain = parts.every((part, place) =>
    place === 0 && parts.length > 1
      ? /^[a-zA-Z0-9.-]+(?::\d+)?$/.test(part)
      : /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/.test(part),
  );
  if (repository !== "" && isPlain) return { repository, tag };
  throw new UserError("usage", `tag ${JSON.stringify(text)}: not a name that an image can have`, {
    hint: "write for instance my-service:1.2 or registry.example/team/my-service:1.2",
    exitCode: 2,
  });
}

/** As one text. */
export function printEngineName({ repository, tag }: EngineName): string {
  return `${repository}:${tag}`;
}

/** The name with something behind its tag. */
export function withSuffix({ repository, tag }: EngineName, suffix: string): EngineName {
  return { repository, tag: `${tag.slice(0, 127 - suffix.length)}-${suffix}` };
}

/** Names under which the engine keeps what was built: beside the name that is asked for, or of the context's folder. */
export function keptNames(
  asked: EngineName | undefined,
  context: string,
): { readonly original: EngineName; readonly candidate: EngineName } {
  if (asked !== undefined) return { original: withSuffix(asked, "original"), candidate: withSuffix(asked, "candidate") };
  const name = basename(context)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const repository = `deadweight-build/${name === "" ? "image" : name}`;
  return { original: { repository, tag: "original" }, candidate: { repository, tag: "candidate" } };
}
