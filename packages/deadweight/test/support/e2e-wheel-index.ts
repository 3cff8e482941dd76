import { createReadStream, readdirSync, statSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { once } from "node:events";
import { output } from "./engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A package index of one wheel on the loopback interface. */
export interface WheelIndex {
  /** For `pip install --index-url`. */
  readonly url: string;
  /** The version of the wheel. */
  readonly version: string;
  readonly close: () => Promise<void>;
}

/** Fetches numpy's wheel for Debian 12's Python by the pip of this machine, and serves it with headers that let pip cache it. */
export async function serveNumpy(): Promise<WheelIndex> {
  const folder = temporaryFolder();
  const target = ["--python-version", "3.11", "--only-binary", ":all:", "--no-deps"];
  await output("pip3", ["download", "--quiet", "--disable-pip-version-check", ...target, "--dest", folder, "numpy"]);
  const [wheel = ""] = readdirSync(folder);
  const server = createServer((request, response) => answer(request.url ?? "", folder, wheel, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/simple`,
    version: wheel.split("-")[1] ?? "",
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The simple repository API of PEP 503. */
function answer(path: string, folder: string, wheel: string, response: ServerResponse): void {
  const caching = { "cache-control": "max-age=365000000, immutable, public", etag: `"${wheel}"` };
  if (path === "/simple/numpy/") {
    response.writeHead(200, { "content-type": "text/html", ...caching }).end(`<a href="/files/${wheel}">${wheel}</a>`);
  } else if (path === `/files/${wheel}`) {
    const file = join(folder, wheel);
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": statSync(file).size, ...caching });
    createReadStream(file).pipe(response);
  } else response.writeHead(404).end();
}
