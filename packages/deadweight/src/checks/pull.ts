import { defineCheck, notRun, type Check } from "../contracts/check.ts";
import { printBytes } from "../lib/byte-size.ts";
import { distributionOf } from "../lib/distribution.ts";
import { printDuration } from "../lib/duration.ts";
import { pullGrowth } from "../model/measured-growth.ts";
import { type PulledImage, type Pulls, transferMs } from "../model/pulls.ts";
import { measuredResult } from "./measured/measured-result.ts";

/** A machine that has none of it gets the image no later: the time on the wire, and what unpacking takes. */
export const pull: Check = defineCheck({
  name: "pull",
  title: "it is fetched and unpacked as soon as it was",
  needs: "nothing",
  observes: "pulls",
  compare: ({ pulled = "it was not asked for" }) => {
    if (typeof pulled === "string") return notRun(pulled);
    const { budget } = pulled;
    const result = measuredResult(pullGrowth(pulled), {
      unmeasured: undefined,
      print: printDuration,
      unit: "ms",
      ...(budget === undefined ? {} : { budget }),
    });
    const parts = [`before: ${told(pulled.before, pulled)}`, `after: ${told(pulled.after, pulled)}`];
    return [{ ...result, details: [...(result.details ?? []), ...parts] }];
  },
});

function told(image: PulledImage, { bitsPerSecond }: Pulls): string {
  const fetched = `${printBytes(image.bytes)} fetched in ${printDuration(transferMs(image, bitsPerSecond))}`;
  return `${fetched}, unpacked in ${printDuration(distributionOf(image.unpackMs).median)}`;
}
