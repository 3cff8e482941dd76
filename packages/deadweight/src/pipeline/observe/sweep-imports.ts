import type { Facts } from "../../contracts/fact.ts";
import type { RuntimeSession } from "../../contracts/runtime.ts";
import { entryNamed } from "../../facts/command-words.ts";
import type { Service } from "../../model/config.ts";
import type { ImportSweep } from "../../model/observation.ts";
import { confinedPlan, type PlacedImage } from "./container-plan.ts";
import { whyNotStarted } from "./why-not-started.ts";
import { sweepProgram } from "./sweep-program.ts";

const timeoutMs = 10 * 60 * 1000;

/** Imports every installed module in a container without a network. */
export async function sweepImports(
  facts: Facts,
  { service, image, session }: { readonly service: Service; readonly image: PlacedImage; readonly session: RuntimeSession },
): Promise<ImportSweep> {
  const python = ["python3", "python"].find((name) => entryNamed(facts, name) >= 0);
  if (python === undefined) return "there is no Python in PATH";
  const plan = confinedPlan(service, image.name, session);
  const container = await session.create({ ...plan, entrypoint: [python], command: ["-c", sweepProgram] });
  const why = await whyNotStarted(container);
  if (why !== undefined) return why;
  const { exitCode, output, errors, timedOut } = await container.wait(timeoutMs);
  await container.remove();
  if (timedOut) return `importing took more than ${timeoutMs / 60_000} minutes`;
  const lines = Buffer.from(output).toString().split("\n");
  const found = lines.flatMap((line) => {
    const [, word, name = "", why = ""] = /^(ok|no) (\w+) ?(.*)$/.exec(line) ?? [];
    return word === undefined ? [] : [[name, word === "ok" ? undefined : why] as const];
  });
  if (exitCode === 0 && found.length > 0) return new Map(found);
  return `${python} ends with ${exitCode}: ${Buffer.from(errors).toString().trim().split("\n").at(-1)?.slice(0, 300) ?? ""}`;
}
