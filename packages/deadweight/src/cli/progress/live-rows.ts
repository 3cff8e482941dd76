import type { ProgressEvent } from "../../index.ts";
import { printable } from "../../lib/printable.ts";
import { cutEnd, cutMiddle, widthOf } from "../../lib/text-width.ts";
import type { Environment, Output } from "../session.ts";
import { terminalWidth } from "../terminal-width.ts";
import { howFar } from "./how-far.ts";
import type { ProgressDisplay } from "./progress-display.ts";

interface Step {
  readonly label: string;
  done: number;
  total: number | undefined;
}

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const eraseBelow = "\u001b[J";
const drawIntervalMs = 80;
const mostRows = 10;

/** Rows at the bottom of a terminal for the steps that are under way; notes scroll by above. No row is wider than the terminal. */
export class LiveRows implements ProgressDisplay {
  readonly #output: Output;
  readonly #environment: Environment;
  readonly #now: () => number;
  readonly #steps = new Map<string, Step>();
  #ended = 0;
  #rowsShown = 0;
  #drawnAt = -Infinity;
  #isClosed = false;

  constructor(output: Output, environment: Environment, now: () => number) {
    this.#output = output;
    this.#environment = environment;
    this.#now = now;
    output.write(hideCursor);
  }

  readonly show = (event: ProgressEvent): void => {
    if (this.#isClosed) return;
    if (event.kind === "note") return this.#draw(`${printable(event.text)}\n`);
    const step = this.#steps.get(event.id);
    if (event.kind === "start") {
      this.#steps.set(event.id, { label: printable(event.label), done: 0, total: event.total });
    } else if (event.kind === "end") {
      if (this.#steps.delete(event.id)) this.#ended++;
    } else if (step !== undefined) {
      step.done = event.done;
      step.total = event.total ?? step.total;
    }
    if (this.#now() - this.#drawnAt >= drawIntervalMs) this.#draw("");
  };

  readonly close = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#output.write(this.#eraseRows() + showCursor);
  };

  /** In one write, so that nothing is seen half-drawn. */
  #draw(above: string): void {
    this.#drawnAt = this.#now();
    const erase = this.#eraseRows();
    const rows = this.#rows();
    this.#rowsShown = rows.length;
    this.#output.write(erase + above + rows.map((row) => `${row}\n`).join(""));
  }

  #eraseRows(): string {
    const up = this.#rowsShown;
    this.#rowsShown = 0;
    return up === 0 ? "" : `\u001b[${up}A\r${eraseBelow}`;
  }

  #rows(): string[] {
    // The last column stays free: some terminals go to the next line when it is filled.
    const columns = terminalWidth(this.#output, this.#environment) - 1;
    const room = Math.max(1, Math.min(mostRows, (this.#output.rows || 24) - 2));
    const steps = [...this.#steps.values()];
    const rows = steps.slice(0, room).map((step) => rowOf(step, columns));
    const hidden = steps.length - rows.length;
    if (hidden > 0 || this.#ended > 0) rows.push(cutEnd(`${this.#ended} done, ${steps.length} under way`, columns));
    return rows;
  }
}

function rowOf({ label, done, total }: Step, columns: number): string {
  const figures = howFar(done, total);
  const room = columns - widthOf(figures) - 2;
  return room < 8 ? cutEnd(label, columns) : `${cutMiddle(label, room)}  ${figures}`;
}
