import { defineCheck, judged, type Check } from "../contracts/check.ts";
import { fileTree } from "../facts/file-tree.ts";
import { attributesOf } from "../facts/visible-attributes.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf } from "../lib/byte-string.ts";

/** Who may read, write and run what is in both images: modes, owners, extended attributes, file capabilities among them. */
export const modesAndOwners: Check = defineCheck({
  name: "modes-and-owners",
  title: "modes, owners and attributes of what is in both are the same",
  needs: "nothing",
  compare: ({ before, after, expected }) => {
    const [old, now] = [before.get(fileTree), after.get(fileTree)];
    const [wanted, actual] = [attributesOf(before), attributesOf(after)];
    const differences: string[] = [];
    let paths = 0;
    for (const entry of old.all()) {
      const found = now.find(old.path(entry));
      // A link's mode is that of what it leads to.
      if (found < 0 || old.type(entry) === "symlink" || expected(old.path(entry)).has("anything")) continue;
      paths++;
      const { file, own } = wanted(entry);
      const is = actual(found).file;
      for (const name of ["mode", "owner", "attributes"]) {
        if (is[name] === file[name] || is[name] === own[name]) continue;
        differences.push(`${textOf(old.path(entry))}: ${name} was ${file[name] ?? ""}, is ${is[name] ?? ""}`);
      }
    }
    return judged(differences, `${countOf(paths, "path")} in both`, "modes, owners or attributes differ");
  },
});
