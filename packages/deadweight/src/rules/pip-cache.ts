import { defineRule, type Rule } from "../contracts/rule.ts";
import { cacheFolders } from "../facts/cache-folders.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** What pip keeps in its cache folder; other names in a folder that a variable points to are not pip's. */
const cacheNames = ["http", "http-v2", "wheels", "selfcheck", "selfcheck.json"];

/** Downloads and wheels that pip keeps. */
export const pipCache: Rule = defineRule({
  name: "pip-cache",
  title: "Downloads and wheels that pip kept",
  meaning:
    "pip keeps what it downloads (http, http-v2) and the wheels that it builds (wheels) in ~/.cache/pip, about as many bytes " +
    "as the wheels themselves: 3.0 GB for torch 2.5.1 with CUDA. Nothing but a later pip reads them. It is often the largest " +
    "part of an image that costs nothing to drop.",
  measure:
    "All visible files of these names in .cache/pip of all homes (/root, /home/NAME, /app, HOME), in XDG_CACHE_HOME/pip and " +
    "in PIP_CACHE_DIR as the image's environment sets them.",
  risk: "None, unless something runs pip in the container without a network and counts on the cache.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of pip's cache",
      patterns: cacheFolders(facts, "pip", "PIP_CACHE_DIR").flatMap((folder) => cacheNames.map((name) => `${folder}/${name}`)),
      safety: "lossless",
      avoid: "use `pip install --no-cache-dir` (or a cache mount) in",
      tool: {
        patterns: ["usr/bin/pip*", "usr/local/bin/pip*", "opt/*/bin/pip*", "opt/*/*/bin/pip*", "*/bin/pip*", "usr/*/*/bin/pip*"],
        absent: "there is no pip in the image",
      },
    }),
});
