import { docker } from "../../src/runtimes/docker.ts";
import { connected, shellPlan } from "./running.ts";

/** Starts a container of the image that is named, and dies as if by the kernel's hand. */
const session = await connected(docker);
const container = await session.create(shellPlan(process.argv[2] ?? "", "sleep 60"));
await container.start();
process.kill(process.pid, "SIGKILL");
