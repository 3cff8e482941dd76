import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { findDocker } from "../../src/engine/find-docker.ts";
import { folderOf, type LayoutFile, sha256 } from "../support/archived-image.ts";
import { run, without } from "../support/tools.ts";

/** The files that `docker context create` writes for a context. */
function contextFiles(name: string, endpoint: object): readonly LayoutFile[] {
  const path = `contexts/meta/${sha256(name)}/meta.json`;
  return [{ path, content: JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: endpoint } }) }];
}

const remote = contextFiles("remote", { Host: "unix:///run/remote.sock", SkipTLSVerify: false });
const chosen: LayoutFile = { path: "config.json", content: '{"auths":{},"currentContext":"remote"}' };

test("with nothing set it is the socket of the machine", async () => {
  const { endpoint, program } = await findDocker({ HOME: folderOf([]) });
  assert.deepEqual([program, endpoint], ["docker", { kind: "socket", path: "/var/run/docker.sock" }]);
});

test("the current context of config.json is taken, below HOME or DOCKER_CONFIG", async () => {
  const folder = folderOf([chosen, ...remote]);
  const home = folderOf([chosen, ...remote].map((file) => ({ ...file, path: `.docker/${file.path}` })));
  for (const environment of [{ DOCKER_CONFIG: folder }, { HOME: home }]) {
    const { endpoint, shown } = await findDocker(environment);
    assert.deepEqual(endpoint, { kind: "socket", path: "/run/remote.sock" });
    assert.equal(shown, 'unix:///run/remote.sock (docker context "remote")');
  }
});

test("DOCKER_CONTEXT goes before config.json, DOCKER_HOST before both", async () => {
  const other = contextFiles("other", { Host: "unix:///run/other.sock" });
  const environment = { DOCKER_CONFIG: folderOf([chosen, ...remote, ...other]) };
  const pathOf = async (more: Readonly<Record<string, string>>): Promise<unknown> => {
    const { endpoint } = await findDocker({ ...environment, ...more });
    return endpoint.kind === "socket" ? endpoint.path : endpoint;
  };
  assert.equal(await pathOf({ DOCKER_CONTEXT: "other" }), "/run/other.sock");
  assert.equal(await pathOf({ DOCKER_CONTEXT: "default" }), "/var/run/docker.sock");
  assert.equal(await pathOf({ DOCKER_CONTEXT: "other", DOCKER_HOST: "unix:///x" }), "/x");
  assert.equal(await pathOf({ DOCKER_CONTEXT: "", DOCKER_HOST: "" }), "/run/remote.sock");
});

test("a context with TLS files uses them", async () => {
  const tls = `contexts/tls/${sha256("safe")}/docker`;
  const folder = folderOf([
    ...contextFiles("safe", { Host: "tcp://engine.example:2376", SkipTLSVerify: true }),
    { path: `${tls}/ca.pem`, content: "" },
  ]);
  assert.deepEqual((await findDocker({ DOCKER_CONFIG: folder, DOCKER_CONTEXT: "safe" })).endpoint, {
    kind: "tcp",
    host: "engine.example",
    port: 2376,
    tls: { folder: `${folder}/${tls}`, verify: false },
  });
});

test("DOCKER_TLS_VERIFY turns TLS on, with the files of DOCKER_CERT_PATH or the configuration", async () => {
  const at = async (more: Readonly<Record<string, string>>): Promise<unknown> => {
    const { endpoint } = await findDocker({ DOCKER_HOST: "tcp://engine.example", HOME: "/home/u", ...more });
    return endpoint.kind === "tcp" ? [endpoint.port, endpoint.tls] : endpoint;
  };
  assert.deepEqual(await at({}), [2375, undefined]);
  assert.deepEqual(await at({ DOCKER_TLS_VERIFY: "1" }), [2376, { folder: "/home/u/.docker", verify: true }]);
  assert.deepEqual(await at({ DOCKER_TLS_VERIFY: "0", DOCKER_CERT_PATH: "/c" }), [2376, { folder: "/c", verify: true }]);
});

test("a context that is not there, has no engine or is damaged is an error", async () => {
  const environment = { DOCKER_CONTEXT: "remote" };
  const wrong: readonly (readonly [readonly LayoutFile[], RegExp])[] = [
    [[], /no such context/],
    [contextFiles("remote", {}), /has no docker endpoint/],
    [contextFiles("remote", { Host: "gopher://x" }), /no address of an engine/],
    [remote.map((file) => ({ ...file, content: "{" })), /no valid JSON/],
    [remote.map((file) => ({ ...file, content: " ".repeat(2_000_000) })), /more than the limit/],
  ];
  for (const [files, message] of wrong) {
    await assert.rejects(
      findDocker({ ...environment, DOCKER_CONFIG: folderOf(files) }),
      (error) => error instanceof UserError && message.test(error.message),
    );
  }
});

test("a context that the docker command made is found", async (t) => {
  const missing = without("docker");
  if (missing) return t.skip(missing);
  const folder = folderOf([]);
  const docker = (...args: readonly string[]): unknown => run("docker", ["--config", folder, "context", ...args]);
  docker("create", "far", "--docker", "host=ssh://user@machine.example:2222");
  docker("use", "far");
  const { endpoint } = await findDocker({ DOCKER_CONFIG: folder });
  assert.deepEqual(endpoint, { kind: "ssh", host: "machine.example", user: "user", port: 2222 });
});
