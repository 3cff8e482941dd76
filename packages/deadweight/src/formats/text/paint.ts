import { styleText } from "node:util";
import { safeties } from "../../model/report.ts";

/** Colours for a terminal, or none at all. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly alarm: (text: string) => string;
  /** In the colour of the safety that it names; any other text is left alone. */
  readonly safety: (text: string) => string;
}

const colours = { lossless: "green", verified: "yellow", "opt-in": "magenta" } as const;

/** Paint that leaves texts alone unless colours may be used; who asks has looked at the stream and at NO_COLOR. */
export function createPaint(colour: boolean): Paint {
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    strong: (text) => style("bold", text),
    faint: (text) => style("dim", text),
    alarm: (text) => style("red", text),
    safety: (text) => {
      const safety = safeties.find((name) => name === text.trim());
      return safety === undefined ? text : style(colours[safety], text);
    },
  };
}
