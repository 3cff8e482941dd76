import type { ProgressEvent } from "../../index.ts";
import { printBytes } from "../../lib/byte-size.ts";
import { printable } from "../../lib/printable.ts";
import type { Output } from "../session.ts";
import { howFar } from "./how-far.ts";
import type { ProgressDisplay } from "./progress-display.ts";

interface Step {
  readonly label: string;
  readonly total: number | undefined;
  saidAt: number;
}

/** A step says how far it is this often. */
const intervalMs = 5000;

/** A line for each note, each beginning and end of a step, and now and then for a long one. */
export function plainLines(output: Output, now: () => number): ProgressDisplay {
  const steps = new Map<string, Step>();
  const lineOf = (event: ProgressEvent): string | undefined => {
    if (event.kind === "note") return printable(event.text);
    if (event.kind === "start") return begin(event, steps, now());
    const step = steps.get(event.id);
    if (step === undefined) return undefined;
    if (event.kind === "end") {
      steps.delete(event.id);
      return `${step.label}: ${event.detail === undefined ? "done" : `done, ${printable(event.detail)}`}`;
    }
    if (now() - step.saidAt < intervalMs) return undefined;
    step.saidAt = now();
    return `${step.label}: ${howFar(event.done, event.total ?? step.total)}`;
  };
  const show = (event: ProgressEvent): void => {
    const line = lineOf(event);
    if (line !== undefined) output.write(`${line}\n`);
  };
  return { show, close: () => {} };
}

function begin(event: Extract<ProgressEvent, { kind: "start" }>, steps: Map<string, Step>, now: number): string {
  const label = printable(event.label);
  steps.set(event.id, { label, total: event.total, saidAt: now });
  return event.total === undefined ? label : `${label} (${printBytes(event.total)})`;
}
