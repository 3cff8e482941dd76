import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerPlan } from "../../../src/contracts/runtime.ts";
import { containerConfig } from "../../../src/runtimes/engine/container-config.ts";
import { shellPlan } from "../../support/running.ts";

interface Told {
  readonly Labels: unknown;
  readonly ExposedPorts: unknown;
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

function told(changes: Partial<ContainerPlan> = {}, program: "docker" | "podman" = "docker"): Told {
  const plan = shellPlan("image:1", "true", changes);
  return containerConfig(plan, {
    program,
    runId: "7-abcdef-1",
    network: plan.network === "private" ? "net1" : plan.network,
  }) as Told;
}

test("nothing is granted that was not asked for", () => {
  const { Labels: labels, HostConfig: host } = told();
  assert.deepEqual(labels, { "dev.deadweight.run": "7-abcdef-1" });
  assert.deepEqual(
    [host["Privileged"], host["CapDrop"], host["CapAdd"], host["SecurityOpt"], host["NetworkMode"], host["PidsLimit"]],
    [false, ["ALL"], [], ["no-new-privileges"], "none", 64],
  );
  assert.deepEqual(
    [host["Memory"], host["MemorySwap"], host["DeviceRequests"], host["Mounts"]],
    [268_435_456, 268_435_456, undefined, []],
  );
});

test("ports are published on the loopback of a private network alone", () => {
  const ports = { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] } };
  const { ExposedPorts: exposed, HostConfig: host } = told({ network: "private", ports: [80] });
  assert.deepEqual([exposed, host["PortBindings"], host["NetworkMode"]], [{ "80/tcp": {} }, ports.PortBindings, "net1"]);
  assert.deepEqual(told({ network: "host", ports: [80] }).HostConfig["PortBindings"], {});
});

test("GPUs by number and by name, mounts, a file system that can't be written", () => {
  const nvidia = (count: number): object[] => [{ Driver: "nvidia", Count: count, Capabilities: [["gpu"]] }];
  assert.deepEqual(told({ gpus: "all" }).HostConfig["DeviceRequests"], nvidia(-1));
  assert.deepEqual(told({ gpus: 2 }).HostConfig["DeviceRequests"], nvidia(2));
  const named = told({ gpus: ["nvidia.com/gpu=0"] }).HostConfig["DeviceRequests"];
  assert.deepEqual(named, [{ Driver: "cdi", DeviceIDs: ["nvidia.com/gpu=0"] }]);
  const { HostConfig: host } = told({ readOnly: true, mounts: [{ source: "/a", target: "/b", readOnly: true }] }, "podman");
  assert.deepEqual(host["Mounts"], [{ Type: "bind", Source: "/a", Target: "/b", ReadOnly: true }]);
  assert.deepEqual([host["ReadonlyRootfs"], host["Tmpfs"]], [true, { "/tmp": "rw,size=268435456,mode=1777" }]);
});
