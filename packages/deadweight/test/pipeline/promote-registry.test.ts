import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { promote } from "../../src/pipeline/promote.ts";
import { rollback } from "../../src/pipeline/rollback.ts";
import { type HeldManifest, openRegistryTags } from "../../src/stores/registry/registry-tags.ts";
import { buildWith, contextWith, planOf } from "../support/building.ts";
import { docker } from "../support/engine.ts";
import { ownName } from "../support/engine-names.ts";
import { dieAfter, filesIn, newText, oldText, promoteOptions, refused, verifiedFolder } from "../support/promoting.ts";
import { dockerConfig, htpasswdAuth, isInstalled, type RealRegistry, startRealRegistry } from "../support/registry.ts";
import { withoutEngine } from "../support/tools.ts";

const initial = { Dockerfile: oldText, "Dockerfile.optimized": newText };
const promoted = { Dockerfile: newText, "Dockerfile.old": oldText, "Dockerfile.optimized": newText };
const withoutRegistry = isInstalled("docker-registry") ? false : "docker-registry: not installed";
const reading = { environment: {}, signal: new AbortController().signal, insecure: [] };

describe("a tag at a registry", { skip: withoutEngine() || withoutRegistry }, () => {
  const name = ownName("tagged");
  const ids = { old: "", new: "", other: "" };
  before(async () => {
    for (const which of ["old", "new", "other"] as const) {
      const text = `FROM scratch\nCOPY same /same\nCOPY ${which} /file\n`;
      const context = contextWith({ same: `same${process.pid}`, [which]: `${which}${process.pid}` });
      ids[which] = (await buildWith(planOf(context, text, { tags: [`${name}:${which}`] }))).imageId;
    }
  });
  after(() => docker("image", "rm", "--force", ids.old, ids.new, ids.other));

  const startIn = async (t: TestContext, auth = ""): Promise<RealRegistry> => {
    const registry = await startRealRegistry(auth);
    t.after(() => registry.close());
    return registry;
  };
  /** The engine's push. */
  const push = async ({ host }: RealRegistry, which: keyof typeof ids): Promise<void> => {
    const pushed = `${host}/team/app:1`;
    await docker("tag", ids[which], pushed);
    await docker("push", "--quiet", pushed);
    await docker("rmi", pushed);
  };
  const find = async ({ host }: RealRegistry, id: string): Promise<HeldManifest | undefined> => {
    const tags = await openRegistryTags(`${host}/team/app`, reading);
    try {
      return await tags.find(id);
    } finally {
      await tags.close();
    }
  };
  const configOf = async (registry: RealRegistry, id: string): Promise<string | undefined> => {
    const held = await find(registry, id);
    if (held === undefined) return undefined;
    return (JSON.parse(Buffer.from(held.bytes).toString()) as { config: { digest: string } }).config.digest;
  };
  const folderWith = (): Promise<string> => verifiedFolder({ tag: `${name}:new`, imageId: ids.new });
  const optionsFor = (folder: string, { host }: RealRegistry): ReturnType<typeof promoteOptions> =>
    promoteOptions(folder, { moveTag: false, registryTag: `docker://${host}/team/app:1` });

  test("it moves to the verified image, which engines can pull; what it meant keeps another, and rollback puts it back", async (t) => {
    const registry = await startIn(t);
    await push(registry, "old");
    const former = await find(registry, "1");
    const folder = await folderWith();
    const { registry: moved } = await promote(optionsFor(folder, registry));
    assert.equal(await configOf(registry, "1"), ids.new);
    assert.equal((await find(registry, "1-before-deadweight"))?.digest, former?.digest);
    assert.deepEqual([moved?.previousDigest, moved?.keptAs], [former?.digest, "1-before-deadweight"]);
    assert.equal(moved?.digest, (await find(registry, "1"))?.digest);
    await docker("pull", "--quiet", `${registry.host}/team/app:1`);
    assert.equal((await docker("image", "ls", "--no-trunc", "--quiet", `${registry.host}/team/app:1`)).trim(), ids.new);
    await docker("rmi", `${registry.host}/team/app:1`);
    assert.deepEqual(await promote(optionsFor(folder, registry)), await promote(optionsFor(folder, registry)));
    await rollback(promoteOptions(folder));
    assert.deepEqual(await find(registry, "1"), former);
    assert.deepEqual(filesIn(folder), initial);
  });

  test("layers that the tag's image has are taken as they are there; an image that the registry has is not pushed again", async (t) => {
    const registry = await startIn(t);
    await push(registry, "old");
    const folder = await folderWith();
    await promote(optionsFor(folder, registry));
    const layersOf = async (tag: string): Promise<readonly string[]> => {
      const { layers } = JSON.parse(Buffer.from((await find(registry, tag))?.bytes ?? []).toString()) as {
        layers: { digest: string }[];
      };
      return layers.map(({ digest }) => digest);
    };
    const [shared, own] = await layersOf("1");
    assert.equal(shared, (await layersOf("1-before-deadweight"))[0]);
    assert.notEqual(own, (await layersOf("1-before-deadweight"))[1]);
    await rollback(promoteOptions(folder));
    // The engine remembers where it has pushed an image as long as it has that name.
    await docker("tag", ids.new, `${registry.host}/team/app:elsewhere`);
    await docker("push", "--quiet", `${registry.host}/team/app:elsewhere`);
    const again = await promote(optionsFor(folder, registry));
    assert.equal(again.registry?.digest, (await find(registry, "elsewhere"))?.digest);
  });

  test("a tag that was not there: rollback leaves it where the registry takes none away, and says so", async (t) => {
    const registry = await startIn(t);
    const folder = await folderWith();
    const done = await promote(optionsFor(folder, registry));
    assert.deepEqual([done.registry?.previousDigest, done.registry?.keptAs], [undefined, undefined]);
    assert.equal(await configOf(registry, "1"), ids.new);
    const { left } = await rollback(promoteOptions(folder));
    assert.match(left?.join() ?? "", /team\/app:1: was not there before; the registry takes no tags away/);
    assert.deepEqual(filesIn(folder), initial);
  });

  test("killed at any step, it is moved or moved back", async (t) => {
    const registry = await startIn(t);
    await push(registry, "old");
    const former = await find(registry, "1");
    let step = 1;
    for (; ; step++) {
      const folder = await folderWith();
      const { registryTag = "" } = optionsFor(folder, registry);
      const died = dieAfter("promote", folder, step, { registryTag });
      if (died && step % 2 === 0) {
        await promote(promoteOptions(folder));
        assert.equal(await configOf(registry, "1"), ids.new, `finished after step ${step}`);
      }
      if (dieAfter("rollback", folder, step)) await rollback(promoteOptions(folder));
      assert.deepEqual(await find(registry, "1"), former, `undone after step ${step}`);
      assert.deepEqual(filesIn(folder), initial);
      if (!died) break;
    }
    assert.ok(step > 7, `${step - 1} steps were there`);
  });

  test("moved by somebody else before the promotion came to it: refused, and rollback leaves it alone", async (t) => {
    const registry = await startIn(t);
    for (const step of [1, 2, 3, 4, 5]) {
      await push(registry, "old");
      const folder = await folderWith();
      const { registryTag = "" } = optionsFor(folder, registry);
      assert.ok(dieAfter("promote", folder, step, { registryTag }));
      await push(registry, "other");
      const theirs = await find(registry, "1");
      await assert.rejects(promote(promoteOptions(folder)), refused("not-verified", /leads to sha256:\w+ since the promotion/));
      const { left } = await rollback(promoteOptions(folder));
      assert.match(left?.join() ?? "", /is left alone/);
      assert.deepEqual(filesIn(folder), initial);
      assert.deepEqual(await find(registry, "1"), theirs);
    }
  });

  test("moved by somebody else since: rollback undoes nothing", async (t) => {
    const registry = await startIn(t);
    await push(registry, "old");
    const folder = await folderWith();
    await promote(optionsFor(folder, registry));
    await push(registry, "other");
    const theirs = await find(registry, "1");
    await assert.rejects(rollback(promoteOptions(folder)), refused("changed", /leads to another image since/));
    assert.deepEqual(filesIn(folder), promoted);
    assert.deepEqual(await find(registry, "1"), theirs);
  });

  test("a tag for several platforms would lose the others: refused", async (t) => {
    const registry = await startIn(t);
    await push(registry, "old");
    const held = await find(registry, "1");
    const manifests = ["amd64", "arm64"].map((architecture) => ({
      mediaType: held?.mediaType,
      digest: held?.digest,
      size: held?.bytes.length,
      platform: { os: "linux", architecture },
    }));
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    const tags = await openRegistryTags(`${registry.host}/team/app`, reading);
    await tags.put("1", { digest: "", mediaType, bytes });
    await tags.close();
    const folder = await folderWith();
    await assert.rejects(promote(optionsFor(folder, registry)), refused("unsupported", /is for linux\/amd64, linux\/arm64/));
    assert.deepEqual(filesIn(folder), initial);
    await assert.rejects(rollback(promoteOptions(folder)), /nothing was promoted/);
  });

  test("logins come from where all come from; without one nothing is changed", async (t) => {
    if (!isInstalled("htpasswd")) return t.skip("htpasswd: not installed");
    const registry = await startIn(t, htpasswdAuth("user", "password"));
    const folder = await folderWith();
    const environment = (password: string): Readonly<Record<string, string | undefined>> => {
      const auth = Buffer.from(`user:${password}`).toString("base64");
      return { ...process.env, DOCKER_CONFIG: dockerConfig({ auths: { [registry.host]: { auth } } }) };
    };
    const options = optionsFor(folder, registry);
    await assert.rejects(promote({ ...options, environment: environment("wrong") }), refused("unauthorized", /login/));
    assert.deepEqual(filesIn(folder), initial);
    await promote({ ...options, environment: environment("password") });
    assert.deepEqual(filesIn(folder), promoted);
    return undefined;
  });

  test("what was promoted without a tag, and what is no tag of a registry, is said", async (t) => {
    const registry = await startIn(t);
    const folder = await folderWith();
    for (const registryTag of ["app:1", "oci:folder", `docker://${registry.host}/team/app@sha256:${"0".repeat(64)}`]) {
      await assert.rejects(
        promote(promoteOptions(folder, { moveTag: false, registryTag })),
        (error) => error instanceof UserError && error.code === "bad-reference" && error.exitCode === 2,
      );
    }
    await promote(promoteOptions(folder, { moveTag: false }));
    await assert.rejects(promote(optionsFor(folder, registry)), refused("usage", /was promoted already, without this tag/));
    await rollback(promoteOptions(folder));
  });
});
