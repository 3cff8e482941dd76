import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { UserError } from "../../../src/lib/user-error.ts";
import type { Credentials } from "../../../src/stores/registry/credentials.ts";
import { findCredentials } from "../../../src/stores/registry/find-credentials.ts";
import { parseReference } from "../../../src/stores/registry/parse-reference.ts";
import { dockerConfig, freshFolder } from "../../support/registry.ts";

type Environment = Record<string, string | undefined>;

const signal = new AbortController().signal;

function find(name: string, environment: Environment, helperMs = 5000): Promise<Credentials | undefined> {
  return findCredentials(parseReference(name), { environment, signal, helperMs });
}

function basic(user: string, password: string): { auth: string } {
  return { auth: Buffer.from(`${user}:${password}`).toString("base64") };
}

function login(username: string, password: string): Credentials {
  return { kind: "password", username, password };
}

/** A credential helper that is a shell script, on a PATH with nothing else but the system's folders. */
function helper(name: string, script: string): { PATH: string; folder: string } {
  const folder = freshFolder();
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { PATH: `${folder}:/usr/bin:/bin`, folder };
}

function configurationError(message: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof UserError &&
    error.exitCode === 2 &&
    error.code === "configuration" &&
    message.test(error.message) &&
    !inspect(error, { depth: 9 }).includes("canary");
}

test("no files, no login", async () => {
  assert.equal(await find("registry.example/a", {}), undefined);
  assert.equal(await find("registry.example/a", { HOME: "/nonexistent" }), undefined);
  assert.equal(await find("registry.example/a", { DOCKER_CONFIG: dockerConfig({}) }), undefined);
  assert.equal(
    await find("registry.example/a", {
      DOCKER_CONFIG: dockerConfig({ auths: { "images.example": basic("a", "b"), "registry.example": {} } }),
    }),
    undefined,
  );
});

test("auths: base64, plain and identity tokens, under the host's names", async () => {
  const DOCKER_CONFIG = dockerConfig({
    auths: {
      "https://index.docker.io/v1/": basic("hub", "p:w"),
      "https://images.example/v2/": { username: "u", password: "p" },
      "registry.example": { auth: "", identitytoken: "t" },
      "127.0.0.1:5000": basic("local", "p\0\0"),
    },
  });
  assert.deepEqual(await find("debian", { DOCKER_CONFIG }), login("hub", "p:w"));
  assert.deepEqual(await find("images.example/a/b", { DOCKER_CONFIG }), login("u", "p"));
  assert.deepEqual(await find("registry.example/a", { DOCKER_CONFIG }), { kind: "identity-token", token: "t" });
  assert.deepEqual(await find("127.0.0.1:5000/a", { DOCKER_CONFIG }), login("local", "p"));
  assert.equal(await find("127.0.0.1:5001/a", { DOCKER_CONFIG }), undefined);
});

test("the most specific key of podman's file wins, whole components only", async () => {
  const folder = freshFolder();
  const REGISTRY_AUTH_FILE = join(folder, "auth.json");
  const auths = {
    "q.io": basic("host", "p"),
    "q.io/a": basic("a", "p"),
    "q.io/a/b": basic("b", "p"),
    "docker.io": basic("hub", "p"),
  };
  writeFileSync(REGISTRY_AUTH_FILE, JSON.stringify({ auths }));
  for (const [name, user] of Object.entries({
    "q.io/a/b": "b",
    "q.io/a/b/c": "b",
    "q.io/a/bc": "a",
    "q.io/x": "host",
    debian: "hub",
  })) {
    assert.deepEqual(await find(name, { REGISTRY_AUTH_FILE }), login(user, "p"), name);
  }
});

test("files are read in podman's order, and REGISTRY_AUTH_FILE is read alone", async () => {
  const [runtime, home] = [freshFolder(), freshFolder()];
  for (const folder of [join(runtime, "containers"), join(home, ".config/containers"), join(home, ".docker")]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(join(runtime, "containers/auth.json"), JSON.stringify({ auths: { "a.io": basic("runtime", "p") } }));
  writeFileSync(
    join(home, ".config/containers/auth.json"),
    JSON.stringify({ auths: { "a.io": basic("x", "p"), "b.io": basic("config", "p") } }),
  );
  writeFileSync(
    join(home, ".docker/config.json"),
    JSON.stringify({ auths: { "b.io": basic("x", "p"), "c.io": basic("docker", "p") } }),
  );
  const environment = { XDG_RUNTIME_DIR: runtime, HOME: home };
  for (const [name, user] of Object.entries({ "a.io/x": "runtime", "b.io/x": "config", "c.io/x": "docker" })) {
    assert.deepEqual(await find(name, environment), login(user, "p"), name);
  }
  const REGISTRY_AUTH_FILE = join(dockerConfig({ auths: {} }), "config.json");
  assert.equal(await find("a.io/x", { ...environment, REGISTRY_AUTH_FILE }), undefined);
});

test("a file that can't be read is an error that holds no secret", async () => {
  const broken = dockerConfig('{"auths":{"registry.example":{"auth":"canary"');
  await assert.rejects(
    find("registry.example/a", { DOCKER_CONFIG: broken }),
    configurationError(/config\.json: is not a JSON object/),
  );
  const noColon = dockerConfig({ auths: { "registry.example": { auth: Buffer.from("canary").toString("base64") } } });
  await assert.rejects(
    find("registry.example/a", { DOCKER_CONFIG: noColon }),
    configurationError(/auth of registry\.example is not base64 of user:password/),
  );
  const noBase64 = dockerConfig({ auths: { "registry.example": { auth: "can:canary" } } });
  await assert.rejects(find("registry.example/a", { DOCKER_CONFIG: noBase64 }), configurationError(/is not base64/));
  const missing = { REGISTRY_AUTH_FILE: "/nonexistent/auth.json" };
  await assert.rejects(
    find("registry.example/a", missing),
    configurationError(/\/nonexistent\/auth\.json: cannot be read: ENOENT/),
  );
});

test("a helper gets `get` and the server, and gives a login or an identity token", async () => {
  const { PATH, folder } = helper(
    "canned",
    `cat > "$0.in"; echo "$@" > "$0.args"; echo '{"ServerURL":"x","Username":"u","Secret":"s"}'`,
  );
  const DOCKER_CONFIG = dockerConfig({
    credHelpers: { "https://index.docker.io/v1/": "canned" },
    auths: { "docker.io": basic("a", "b") },
  });
  assert.deepEqual(await find("debian", { DOCKER_CONFIG, PATH }), login("u", "s"));
  assert.equal(readFileSync(join(folder, "docker-credential-canned.in"), "utf8"), "https://index.docker.io/v1/");
  assert.equal(readFileSync(join(folder, "docker-credential-canned.args"), "utf8"), "get\n");
  const token = helper("token", `echo '{"Username":"<token>","Secret":"t"}'`);
  const all = dockerConfig({ credsStore: "token" });
  assert.deepEqual(await find("registry.example/a", { DOCKER_CONFIG: all, PATH: token.PATH }), {
    kind: "identity-token",
    token: "t",
  });
});

test("a helper that has nothing lets the next place speak", async () => {
  const { PATH } = helper("empty", 'cat > /dev/null; echo "credentials not found in native keychain"; exit 1');
  const DOCKER_CONFIG = dockerConfig({ credsStore: "empty", auths: { "registry.example": basic("a", "b") } });
  assert.deepEqual(await find("registry.example/a", { DOCKER_CONFIG, PATH }), login("a", "b"));
});

const badHelpers = {
  "exit 3": /docker-credential-bad, named by .*config\.json: ended with exit code 3/,
  "echo canary; exit 1": /ended with exit code 1/,
  "echo 'no json: canary'": /its answer has no Username and Secret/,
  'echo \'{"Username":"canary"}\'': /its answer has no Username and Secret/,
  "head -c 70000 /dev/zero": /more than 65536 bytes/,
  "kill -9 $$": /was killed/,
};

test("a helper that fails is an error that holds nothing of its answer", async () => {
  for (const [script, message] of Object.entries(badHelpers)) {
    const { PATH } = helper("bad", script);
    const DOCKER_CONFIG = dockerConfig({ credsStore: "bad" });
    await assert.rejects(find("registry.example/a", { DOCKER_CONFIG, PATH }), configurationError(message), script);
  }
});

test("a helper that hangs is killed, one that is missing or has no proper name is an error", async () => {
  const hanging = { ...helper("hang", "exec sleep 60"), DOCKER_CONFIG: dockerConfig({ credsStore: "hang" }) };
  await assert.rejects(find("registry.example/a", hanging, 50), configurationError(/did not answer in 0\.05 s/));
  const missing = { PATH: freshFolder(), DOCKER_CONFIG: dockerConfig({ credsStore: "missing" }) };
  await assert.rejects(
    find("registry.example/a", missing),
    configurationError(/docker-credential-missing, named by .*: is not installed/),
  );
  for (const name of ["../evil", "a b", "a;b", "x/y"]) {
    const environment = { DOCKER_CONFIG: dockerConfig({ credHelpers: { "registry.example": name } }) };
    await assert.rejects(
      find("registry.example/a", environment),
      configurationError(/the name of a credential helper is not valid/),
    );
  }
});
