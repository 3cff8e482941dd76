import { defineTransform, type Transform } from "../contracts/transform.ts";
import { buildPackages } from "../facts/build-packages.ts";
import { dpkgRemovals, isDpkgEditable } from "./remove-packages/dpkg-removals.ts";
import { leavingPackages } from "./remove-packages/leaving-packages.ts";

/** Takes build tools and what only they need out of a Debian system, and out of the databases of dpkg and apt. */
export const removePackages: Transform = defineTransform({
  name: "remove-packages",
  title: "Remove compilers, build tools and what only they need",
  safety: "verified",
  order: 10,
  plan: (facts, context) => {
    if (!isDpkgEditable(facts, context)) return [];
    const leaving = leavingPackages(facts, context, new Set(facts.get(buildPackages).idle));
    return dpkgRemovals(facts, context, leaving, "build-tools");
  },
});
