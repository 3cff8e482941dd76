import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { asRecord } from "../../../src/lib/parse-json.ts";
import { openSession } from "../../../src/runtimes/engine/open-session.ts";
import { type Answers, fakeEngine } from "../../support/fake-engine.ts";
import { shellPlan } from "../../support/running.ts";
import type { RuntimeSession } from "../../../src/contracts/runtime.ts";

const usual: Answers = { "/info": { MemTotal: 1e9 }, "/images/json": [] };

/** Opens a session with an engine of these answers, uses it and closes it; gives what was asked. */
async function within(
  t: TestContext,
  answers: Answers,
  use: (session: RuntimeSession) => Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly string[]> {
  const lists = (_: IncomingMessage, response: ServerResponse): unknown => response.end("[]");
  const filters = encodeURIComponent(JSON.stringify({ label: ["dev.deadweight.run"] }));
  const listed = { [`/containers/json?all=1&filters=${filters}`]: lists, [`/networks?filters=${filters}`]: lists };
  const { address, asked } = await fakeEngine(t, { ...usual, ...listed, ...answers });
  const endpoint = { kind: "socket", path: address } as const;
  const options = { environment: {}, signal, insecure: [], onNote: () => {} };
  const session = await openSession({ program: "docker", endpoint, shown: "here" }, options);
  try {
    await use(session);
  } finally {
    await session.close();
  }
  return asked;
}

test("an engine that is silent, breaks off or answers with nonsense is an error", async (t) => {
  const plan = shellPlan("x", "true");
  await within(t, { "/containers/create": { Id: "../../etc" } }, ({ create }) =>
    assert.rejects(create(plan), /made something and gave no id/),
  );
  const breaks = (_: IncomingMessage, answer: ServerResponse): unknown => answer.destroy();
  await within(t, { "/containers/create": breaks }, ({ create }) => assert.rejects(create(plan), { code: "engine-failed" }));
  const silent = { "/containers/create": { Id: "a1" }, "/containers/a1/wait?condition=not-running": () => {} };
  await within(t, silent, async ({ create }) => assert.equal(await (await create(plan)).staysUp(50), true));
});

test("a private network is made once, has no way out, and its published port is this machine's", async (t) => {
  const bodies: string[] = [];
  const keep = (id: string) => (request: IncomingMessage, response: ServerResponse) => {
    const end = (): unknown => response.writeHead(201).end(JSON.stringify({ Id: id }));
    request.on("data", (piece: Buffer) => bodies.push(piece.toString())).on("end", end);
  };
  const ports = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "32768" }] };
  const answers = {
    "/networks/create": keep("net1"),
    "/containers/create": keep("a1"),
    "/containers/a1/json": { NetworkSettings: { Ports: ports } },
  };
  const asked = await within(t, answers, async ({ create }) => {
    const plan = shellPlan("x", "true", { network: "private", ports: [80] });
    const [one] = [await create(plan), await create(plan)];
    assert.equal(await one?.address(80), "127.0.0.1:32768");
    assert.equal(await one?.address(81), undefined);
  });
  assert.equal(asked.filter((path) => path.endsWith("/networks/create")).length, 1);
  assert.match(bodies[0] ?? "", /"com\.docker\.network\.bridge\.enable_ip_masquerade":"false"/);
  assert.match(bodies[1] ?? "", /"NetworkMode":"net1"/);
});

test("an engine that can't make a private network says so, and what can be done", async (t) => {
  const answers = {
    "/networks/create": (_: IncomingMessage, response: ServerResponse) =>
      response.writeHead(500).end(JSON.stringify({ message: "operation not supported" })),
  };
  await within(t, answers, async ({ create }) => {
    await assert.rejects(create(shellPlan("x", "true", { network: "private", ports: [80] })), {
      code: "bad-configuration",
      exitCode: 2,
      message: /^no private network: .*: operation not supported$/,
      hint: /^network: host in deadweight\.yaml/,
    });
  });
});

test("a container that is being made while a stop comes is taken away", async (t) => {
  const stop = new AbortController();
  const listed = `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify({ label: ["dev.deadweight.run"] }))}`;
  const containers: { Id: string; Labels: object }[] = [];
  const answers: Answers = {
    "/containers/create": (request: IncomingMessage, response: ServerResponse) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        stop.abort("SIGINT");
        // An engine makes it whether or not anybody still waits.
        setTimeout(() => {
          containers.push({ Id: "a1", Labels: asRecord(JSON.parse(Buffer.concat(pieces).toString()))?.["Labels"] ?? {} });
          response.end(JSON.stringify({ Id: "a1" }));
        }, 100);
      });
    },
    [listed]: (_: IncomingMessage, response: ServerResponse) => response.end(JSON.stringify(containers)),
  };
  const asked = await within(
    t,
    answers,
    async ({ create }) => {
      void create(shellPlan("x", "true")).catch(() => {});
      await once(stop.signal, "abort");
    },
    stop.signal,
  );
  assert.ok(
    asked.some((path) => path.includes("/containers/a1?force=1")),
    asked.join(" "),
  );
});
