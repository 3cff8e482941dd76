import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/lib/user-error.ts";
import { refuseSecrets } from "../../../src/pipeline/build/refuse-secrets.ts";

function messageOf(lines: readonly string[], target?: string): string | undefined {
  try {
    refuseSecrets(`${lines.join("\n")}\n`, "Dockerfile", target);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof UserError);
    assert.equal(error.code, "unsupported");
    return error.message;
  }
}

const secret = "RUN --mount=type=secret,id=token cat /run/secrets/token";

test("a mounted secret or SSH agent is named with its line before anything is built", () => {
  assert.equal(messageOf(["FROM debian", "RUN true", secret]), "Dockerfile:3: RUN mounts a secret: builds here pass none on");
  assert.equal(
    messageOf(["FROM debian", "RUN --mount=type=cache,target=/c \\", " --mount=type=ssh \\", " git fetch"]),
    "Dockerfile:2: RUN mounts an SSH agent: builds here pass none on",
  );
});

test("of stages that are built alone", () => {
  const lines = ["FROM debian AS base", "FROM base AS Tools", secret, "FROM debian AS used"];
  assert.equal(messageOf(lines), undefined);
  assert.equal(messageOf(lines, "tools"), "Dockerfile:3: RUN mounts a secret: builds here pass none on");
  assert.notEqual(messageOf([...lines, "COPY --from=tools /a /a"]), undefined);
  assert.notEqual(messageOf([...lines, "COPY --from=1 /a /a"]), undefined);
  assert.notEqual(messageOf([...lines, "RUN --mount=from=tools,target=/t true"]), undefined);
  assert.notEqual(messageOf([...lines, "FROM used", "FROM tools"]), undefined);
  assert.equal(messageOf([...lines, "COPY --from=base /a /a"]), undefined);
});

test("other mounts, commands that only name one, and files for other frontends are the builder's", () => {
  assert.equal(messageOf(["FROM debian", "RUN --mount=type=cache,target=/c true", "RUN echo --mount=type=secret"]), undefined);
  assert.equal(messageOf(["INCLUDE other", secret]), undefined);
});
