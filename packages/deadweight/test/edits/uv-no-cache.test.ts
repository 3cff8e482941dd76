import { test } from "node:test";
import { uvNoCache } from "../../src/edits/uv-no-cache.ts";
import { assertTruth, assertUntouched } from "../support/editing.ts";

test("uv gets --no-cache wherever it installs", () => {
  assertTruth(uvNoCache, [
    ["RUN uv pip install --system a", "RUN uv pip install --no-cache --system a"],
    ["RUN uv sync --frozen && uv tool install b", "RUN uv sync --no-cache --frozen && uv tool install --no-cache b"],
    ["RUN /root/.local/bin/uv sync", "RUN /root/.local/bin/uv sync --no-cache"],
  ]);
});

test("it is left alone where nothing is kept, the cache is not in the image, or the environment leads into it", () => {
  assertUntouched(uvNoCache, [
    "RUN uv --no-cache pip install a",
    "ENV UV_NO_CACHE=1\nRUN uv sync",
    "RUN --mount=type=cache,target=/root/.cache/uv uv sync",
    "ENV UV_LINK_MODE=symlink\nRUN uv sync",
    "RUN uv pip install --link-mode=symlink a",
    "RUN uv sync && rm -rf /root/.cache/uv",
    "RUN uv sync && uv cache clean",
    "RUN uv run x",
  ]);
});
