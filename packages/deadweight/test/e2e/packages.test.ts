import { after, before, describe, test } from "node:test";
import { docker } from "../support/engine.ts";
import { tagBase } from "../support/e2e-base.ts";
import { assertAsWrittenProperly } from "../support/e2e-packages.ts";
import { ownName } from "../support/engine-names.ts";
import { isInstalled } from "../support/registry.ts";
import { withoutEngine } from "../support/tools.ts";

/** Why these tests can't run on this machine, or false. */
function missing(): string | false {
  if (!isInstalled("debootstrap")) return "debootstrap: not on this machine";
  return process.getuid?.() === 0 ? withoutEngine() : "debootstrap: needs root";
}

describe("images with build tools", { skip: missing() }, () => {
  const base = ownName("packages-base");
  before(() => tagBase(base));
  after(() => docker("image", "rm", "--force", base));

  test("what was built in the image that runs it comes out as large as written properly, its packages in order", async (t) => {
    t.diagnostic(await assertAsWrittenProperly(base));
  });
});
