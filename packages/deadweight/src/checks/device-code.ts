import { defineCheck, notRun, type Check } from "../contracts/check.ts";

/** Each GPU that an image is for still has code of each kernel container that had some. */
export const deviceCode: Check = defineCheck({
  name: "device-code",
  title: "each target GPU still has its code in every kernel container that had some",
  needs: "nothing",
  uses: "gpu",
  compare: () => notRun("this version does not read device code"),
});
