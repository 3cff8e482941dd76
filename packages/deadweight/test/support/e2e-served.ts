import { createHash } from "node:crypto";
import { docker } from "./engine.ts";
import { buildFrom, pythonImage } from "./e2e-python.ts";
import { ownName } from "./engine-names.ts";

/** What candidates do wrong; `/srv/faults` holds these words. */
export type Fault = "body" | "slow" | "leak" | "deaf" | "sick" | "noisy" | "dead";

/** Seconds until the service listens, and those of a slow one: with what the engine takes, 30 to 40 % more. */
const [delay, slowDelay] = [0.6, 1];

/** A service of an HTTP server from Python's own library, that does as its faults say. */
const program = `
import ctypes, itertools, json, os, signal, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
faults = open("/srv/faults").read().split()
if "dead" in faults: sys.exit("error: can't go on")
if "deaf" not in faults: signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
else: signal.signal(signal.SIGTERM, signal.SIG_IGN)
count, held = itertools.count(), []
class Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        status, value = 200, None
        if self.path == "/health": value = {"status": "sick" if "sick" in faults else "ok"}
        if self.path == "/items":
            value = {"items": [{"name": "b" if "body" in faults else "a", "at": time.time()}], "count": next(count)}
            if "leak" in faults: held.append(bytes(range(256)) * 8192)
        if self.path == "/native":
            try: value = ctypes.CDLL("/opt/lib/libonly.so").BZ2_bzlibVersion is not None
            except OSError as e: status, value = 500, str(e)
        if self.path == "/env": value = os.environ.get("MODEL")
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.flush_headers = lambda: None
        self.end_headers()
        self.wfile.write(b"".join(self._headers_buffer) + body)
        self._headers_buffer = []
    def log_message(self, *_): pass
time.sleep(${slowDelay} if "slow" in faults else ${delay} if os.environ.get("DELAY") else 0)
server = HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8765"))), Asked)
print("error: no cache" if "noisy" in faults else "listening", time.time(), flush=True)
server.serve_forever()
`;

/** Builds the service as its author would. */
export async function buildServed(name: string): Promise<string> {
  const steps = `COPY serve.py faults /srv/
COPY --from=deadweight-e2e-python:small /usr/lib/x86_64-linux-gnu/libbz2.so.1.0 /opt/lib/libonly.so
ENV MODEL=small
CMD ["python3", "/srv/serve.py"]`;
  await buildFrom(await pythonImage(), steps, { "serve.py": program, faults: "none" }, ownName(name));
  return ownName(name);
}

/** Builds a candidate: the service with faults, or with these steps more. */
export async function buildCandidate(from: string, faults: readonly Fault[], steps = ""): Promise<string> {
  const mark = createHash("sha256")
    .update([...faults, steps].join(" "))
    .digest("hex")
    .slice(0, 12);
  const name = ownName(`candidate-${mark}`);
  await buildFrom(from, `COPY faults /srv/faults\n${steps}`, { faults: faults.join(" ") }, name);
  return name;
}

/** Takes images of this process away. */
export async function removeImages(names: readonly string[]): Promise<void> {
  await docker("image", "rm", "--force", ...names);
}
