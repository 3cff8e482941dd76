import { defineCheck, judged, notRun, type Check } from "../contracts/check.ts";
import { commandWords } from "../facts/command-words.ts";
import { fileTree } from "../facts/file-tree.ts";
import { programsNotRead } from "../facts/programs.ts";
import { reachedFiles as reachable, reachedFrom } from "../facts/reached-files.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf } from "../lib/byte-string.ts";

/** Every file that the commands of the image lead to is still there, whatever a list of changes says. */
export const reachedFiles: Check = defineCheck({
  name: "reached-files",
  title: "every file that the commands lead to is there: libraries, called programs, imported modules, settings",
  needs: "nothing",
  compare: ({ before, after, expected, goneSettings = new Set() }) => {
    const isAll = !goneSettings.has("Entrypoint");
    const reached = isAll ? before.get(reachable) : reachedFrom(before, commandWords(before, goneSettings));
    if (reached === undefined) return notRun(programsNotRead);
    if (reached.size === 0) return notRun("the commands of the image name no file that is there");
    const [tree, now] = [before.get(fileTree), after.get(fileTree)];
    const differences = [...reached]
      .filter(([path]) => now.resolve(path) < 0 && !expected(path).has("anything"))
      .map(([path, by]) => `/${textOf(path)}: gone, and ${by < 0 ? "the command" : `/${textOf(tree.path(by))}`} names it`);
    return judged(differences, countOf(reached.size, "file"), "files that the commands lead to are gone");
  },
});
