import { printDuration } from "../lib/duration.ts";
import { asRecord } from "../lib/parse-json.ts";
import type { BuildStep } from "../model/build.ts";
import { type BuildWatcher, mostSteps, toldLines, type WatcherOptions } from "./build-watcher.ts";
import { OutputTail } from "./output-tail.ts";

interface Running {
  readonly step: BuildStep;
  readonly begunAt: number;
  readonly output: OutputTail;
  isCached: boolean;
}

/** `Step 3/7 : RUN make` begins a step; Podman writes `STEP 3/7: RUN make`. */
const stepLine = /^(?:Step (\d+\/\d+) : |STEP (\d+\/\d+): )(.*)$/s;

/** The messages of the first builder: `stream` with lines for people, `aux` with the id of what each stage gave. */
export function watchLegacy({ now, onProgress }: WatcherOptions): BuildWatcher {
  const ended: BuildStep[] = [];
  let running: Running | undefined;
  let image: string | undefined;
  const end = (): void => {
    if (running === undefined) return;
    const { step, begunAt, isCached } = running;
    const durationMs = now() - begunAt;
    ended.push({ ...step, isCached, durationMs });
    onProgress({ kind: "end", id: step.place, detail: isCached ? "from the cache" : printDuration(durationMs) });
    running = undefined;
  };
  const begin = (place: string, text: string): void => {
    end();
    if (ended.length >= mostSteps) return;
    running = { step: { text, place, isCached: false }, begunAt: now(), output: new OutputTail(), isCached: false };
    onProgress({ kind: "start", id: place, label: `[${place}] ${text}`.slice(0, 200) });
  };
  return {
    take: ({ stream, aux }) => {
      image = idIn(aux) ?? image;
      if (typeof stream !== "string") return;
      const [, place, podmanPlace, text = ""] = stepLine.exec(stream) ?? [];
      const number = place ?? podmanPlace;
      if (number !== undefined) begin(number, text.replace(/\s+/g, " ").trim());
      else if (running !== undefined && stream.startsWith(" ---> Using cache")) running.isCached = true;
      else running?.output.add(Buffer.from(stream));
    },
    imageId: () => image,
    steps: () => {
      end();
      return ended;
    },
    failure: (message) => {
      const { step, output } = running ?? {};
      return { message, ...(step === undefined ? {} : { step }), output: output?.lines(toldLines).filter(isPrinted) ?? [] };
    },
  };
}

/** Not what the builder itself says between the lines of a step. */
function isPrinted(line: string): boolean {
  return !/^(?: ---> |Removing intermediate container )/.test(line);
}

function idIn(aux: unknown): string | undefined {
  const id = asRecord(aux)?.["ID"];
  return typeof id === "string" && /^sha256:[0-9a-f]{64}$/.test(id) ? id : undefined;
}
