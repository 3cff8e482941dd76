import { defineEdit, type Edit, type EditContext } from "../contracts/edit.ts";
import { gathered } from "./evidence/gathered.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";
import { apkCleanup } from "./same-layer-cleanup/apk-cleanup.ts";
import { aptCleanup } from "./same-layer-cleanup/apt-cleanup.ts";
import { dnfCleanup } from "./same-layer-cleanup/dnf-cleanup.ts";

/** Package lists and archives removed in the RUN that brought them. */
export const sameLayerCleanup: Edit = defineEdit({
  name: "same-layer-cleanup",
  title: "Package lists and archives removed in the RUN that fetched them",
  safety: "lossless",
  order: 30,
  meaning:
    "`apt-get update` leaves the lists of all packages that there are in /var/lib/apt/lists: 20 MB in Debian's images, more in " +
    "Ubuntu's. dnf and yum keep lists and packages in /var/cache, apk an index. A layer never shrinks, so they must go in the same RUN.",
  risk:
    "A later RUN, or a stage built on this one, that installs without fetching lists first would fail: then it is only said. Left alone is " +
    "what a cache mount covers, what runs as another user without sudo, and a RUN whose end is never reached or stands behind a fallback.",
  checks: ["package-databases", "file-tree"],
  example: {
    before:
      "FROM debian:bookworm\nRUN apt-get update && \\\n    apt-get install -y --no-install-recommends curl ca-certificates\n",
    after:
      "FROM debian:bookworm\nRUN apt-get update && \\\n    apt-get install -y --no-install-recommends curl ca-certificates && \\\n" +
      "    rm -rf /var/lib/apt/lists/*\n",
  },
  propose: (context: EditContext) =>
    gathered(
      shippedSteps(context).flatMap((step) => [aptCleanup(context, step), apkCleanup(context, step), dnfCleanup(context, step)]),
    ),
});
