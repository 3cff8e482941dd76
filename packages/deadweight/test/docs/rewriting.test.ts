import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { edits, renderRewrite, rewrite } from "../../src/index.ts";
import { folderWith, rewriteOptions } from "../support/rewriting.ts";
import { root } from "../support/sources.ts";

const page = readFileSync(join(root, "docs/rewriting.md"), "utf8");

/** The first block of a kind on the page. */
function block(kind: string): string {
  return new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? assert.fail(kind);
}

test("docs/rewriting.md shows the diff that its example gives", async () => {
  const result = await rewrite(folderWith({ Dockerfile: block("dockerfile") }), rewriteOptions({ level: "lossless" }));
  assert.equal(renderRewrite(result, "diff", edits), block("diff"));
});
