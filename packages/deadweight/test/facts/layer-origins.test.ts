import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Evidence } from "../../src/contracts/fact.ts";
import { layerOrigins, type LayerOrigins } from "../../src/facts/layer-origins.ts";
import type { HistoryRow, ImageConfig } from "../../src/model/image.ts";
import { factsOf } from "../support/layers.ts";

/** A row as the config has it; `-` before the text: it made no layer. */
function row(text: string, created?: string, comment?: string): HistoryRow {
  return {
    createdBy: text.replace(/^-/, ""),
    emptyLayer: text.startsWith("-"),
    ...(created !== undefined && { created }),
    ...(comment !== undefined && { comment }),
  };
}

function originsOf(
  history: readonly HistoryRow[],
  options: {
    layers?: number;
    config?: Partial<ImageConfig>;
    annotations?: Record<string, string>;
    knownBases?: Evidence["knownBases"];
  } = {},
): LayerOrigins {
  const count = options.layers ?? history.filter(({ emptyLayer }) => !emptyLayer).length;
  const layers = Array.from({ length: count }, (_, index) => [{ path: `file-${index}` }]);
  const facts = factsOf(layers, { config: { history, ...options.config }, knownBases: options.knownBases ?? [] });
  const image = {
    ...facts.image,
    annotations: options.annotations ?? {},
    layers: facts.image.layers.map((layer) => ({ ...layer, history: undefined })),
  };
  return layerOrigins.derive({ ...facts, image });
}

suite("an instruction as one would write it", () => {
  const hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const cases: readonly (readonly [createdBy: string, instruction: string, keyword: string])[] = [
    ["/bin/sh -c apt-get update && apt-get install -y curl", "RUN apt-get update && apt-get install -y curl", "RUN"],
    ["RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update", "RUN"],
    ["RUN |2 A=1 B=two words /bin/sh -c make # buildkit", "RUN make", "RUN"],
    ["|1 VERSION=3.11 /bin/sh -c echo $VERSION", "RUN echo $VERSION", "RUN"],
    ["|0 /bin/sh -c true", "RUN true", "RUN"],
    ["RUN /bin/bash -o pipefail -c curl x | tar x # buildkit", "RUN curl x | tar x", "RUN"],
    ["/bin/bash -lc pip install torch", "RUN pip install torch", "RUN"],
    ["RUN /bin/sh -c cat <<EOF > /a\none\nEOF # buildkit", "RUN cat <<EOF > /a\none\nEOF", "RUN"],
    ["RUN python -m compileall /app # buildkit", "RUN python -m compileall /app", "RUN"],
    ["COPY app/ /app/ # buildkit", "COPY app/ /app/", "COPY"],
    [`/bin/sh -c #(nop) COPY dir:${hash} in /app `, "COPY dir:0123456789ab /app", "COPY"],
    [`/bin/sh -c #(nop) COPY --chown=1000:1000file:${hash} in /app/`, "COPY --chown=1000:1000 file:0123456789ab /app/", "COPY"],
    [`/bin/sh -c #(nop) ADD file:${hash} in / `, "ADD file:0123456789ab /", "ADD"],
    [`/bin/bash -o pipefail -c #(nop) ADD file:${hash} in /opt/ `, "ADD file:0123456789ab /opt/", "ADD"],
    ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]', "CMD"],
    ["WORKDIR /app", "WORKDIR /app", "WORKDIR"],
    ["# debian.sh --arch 'amd64' out/ 'bookworm' '@1'", "FROM scratch # debian.sh --arch 'amd64' out/ 'bookworm' '@1'", "FROM"],
    ["bazel build ...", "bazel build ...", ""],
    ["", "", ""],
  ];
  for (const [createdBy, instruction, keyword] of cases) {
    test(createdBy, () => {
      const [layer] = originsOf([row(createdBy)]).layers;
      assert.deepEqual(layer, { instruction, keyword, base: false });
    });
  }

  test("docker import is FROM", () => {
    const [layer] = originsOf([row("", "2024-05-01T10:00:00Z", "Imported from -")]).layers;
    assert.deepEqual(layer, { instruction: "FROM scratch # imported from -", keyword: "FROM", base: false });
  });

  test("a shell's name inside a command's arguments does not begin the command", () => {
    const [layer] = originsOf([row("RUN |1 A=b /bin/sh -c exec /bin/bash -c 'x' # buildkit")]).layers;
    assert.equal(layer?.instruction, "RUN exec /bin/bash -c 'x'");
  });

  test("rows without a layer are passed over", () => {
    const origins = originsOf([row("-ENV A=b"), row("RUN /bin/sh -c one"), row("-USER me"), row("COPY a /b # buildkit")]);
    assert.deepEqual(
      origins.layers.map(({ keyword }) => keyword),
      ["RUN", "COPY"],
    );
  });

  test("where rows and layers don't match, no instruction is claimed", () => {
    const origins = originsOf([row("RUN /bin/sh -c one")], { layers: 2 });
    assert.deepEqual(origins.layers, [
      { instruction: "", keyword: "", base: false },
      { instruction: "", keyword: "", base: false },
    ]);
    assert.deepEqual(origins.base, {
      layers: 0,
      evidence: "the history has 1 row with a layer, the image 2 layers: nothing tells the base image's layers from the others",
    });
  });

  test("a long row of arguments without a shell is no instruction", () => {
    const text = `|1 ${"/bin/sh -x ".repeat(20_000)}`;
    assert.equal(originsOf([row(text)]).layers[0]?.keyword, "");
  });
});

const python = [
  row("# debian.sh --arch 'amd64' out/ 'bookworm' '@1717372800'", "2024-06-03T00:00:00Z", "debuerreotype 0.15"),
  row('-CMD ["bash"]', "2024-06-03T00:00:00Z", "buildkit.dockerfile.v0"),
  row("-ENV PATH=/usr/local/bin:/usr/bin", "2024-06-10T12:00:00Z"),
  row("RUN /bin/sh -c apt-get update # buildkit", "2024-06-10T12:00:00Z"),
  row("RUN /bin/sh -c make install # buildkit", "2024-06-10T12:00:00Z"),
  row('-CMD ["python3"]', "2024-06-10T12:00:00Z"),
];
const app = [
  row("WORKDIR /app", "2024-07-21T12:00:00Z"),
  row("COPY . . # buildkit", "2024-07-21T12:01:00Z"),
  row('-CMD ["uvicorn", "app:app"]', "2024-07-21T12:01:00Z"),
];

suite("the base image", () => {
  test("ends at the last CMD that something was built on later", () => {
    const origins = originsOf([...python, ...app]);
    assert.deepEqual(origins.base, {
      layers: 3,
      evidence: 'the history ends a base image at its CMD ["python3"] (row 5), built 41 days before the next row',
    });
    assert.deepEqual(
      origins.layers.map(({ base }) => base),
      [true, true, true, false, false],
    );
  });

  test("is not told by a CMD in the middle of one build", () => {
    const time = "2024-07-21T12:00:00Z";
    const history = [row("COPY a /a # buildkit", time), row('-CMD ["a"]', time), row("COPY b /b # buildkit", time)];
    assert.deepEqual(originsOf(history).base, { layers: 0, evidence: "nothing tells the base image's layers from the others" });
  });

  test("may have rows after its ENTRYPOINT", () => {
    const history = [
      row("RUN /bin/sh -c a # buildkit", "2024-01-01T00:00:00Z"),
      row('-ENTRYPOINT ["/start"]', "2024-01-01T00:00:00Z"),
      row("RUN /bin/sh -c b # buildkit", "2024-01-01T00:30:00Z"),
      row("COPY c /c # buildkit", "2024-01-01T05:30:00Z"),
    ];
    assert.deepEqual(originsOf(history).base, {
      layers: 2,
      evidence:
        'the history ends a base image at row 2, of one build with its ENTRYPOINT ["/start"] (row 1), built 5 hours before the next row',
    });
  });

  test("of NVIDIA goes on after Ubuntu's CMD", () => {
    const history = [
      row("-/bin/sh -c #(nop)  ARG RELEASE", "2023-06-01T00:00:00Z"),
      row(`/bin/sh -c #(nop) ADD file:${"a".repeat(64)} in / `, "2023-06-01T00:00:00Z"),
      row('-/bin/sh -c #(nop)  CMD ["/bin/bash"]', "2023-06-01T00:00:00Z"),
      row("-ENV NV_CUDA_CUDART_VERSION=12.1.55-1", "2023-07-01T00:00:00Z"),
      row(
        "RUN |1 TARGETARCH=amd64 /bin/sh -c apt-get install cuda-cudart-12-1=${NV_CUDA_CUDART_VERSION} # buildkit",
        "2023-07-01T00:00:00Z",
      ),
      row("COPY NGC-DL-CONTAINER-LICENSE / # buildkit", "2023-07-01T00:00:00Z"),
      row("-ENV NVIDIA_VISIBLE_DEVICES=all", "2023-07-01T00:00:00Z"),
      row("RUN /bin/sh -c apt-get install python3 # buildkit", "2025-09-01T00:00:00Z"),
    ];
    assert.deepEqual(originsOf(history).base, {
      layers: 3,
      evidence: "the history ends NVIDIA's CUDA image at row 6, built 2 years before the next row",
    });
  });

  test("is what docker import made", () => {
    const history = [
      row("", "2024-05-01T10:00:00Z", "Imported from -"),
      row("RUN /bin/sh -c a # buildkit", "2024-05-01T10:10:00Z"),
    ];
    assert.deepEqual(originsOf(history).base, {
      layers: 1,
      evidence: "row 0 of the history was imported as a whole (docker import)",
    });
  });

  test("ends at the first gap in time when no CMD tells", () => {
    const history = [
      row("bazel build ...", "1970-01-01T00:00:00Z"),
      row("bazel build ...", "1970-01-01T00:00:00Z"),
      row("COPY app /app # buildkit", "2024-01-01T00:00:00Z"),
    ];
    assert.deepEqual(originsOf(history).base, {
      layers: 2,
      evidence: "row 1 of the history (bazel build ...) was built 54 years before the next row",
    });
  });

  test("is told though a reproducible build dates its own rows back", () => {
    const history = [...python, row("COPY . . # buildkit", "1970-01-01T00:00:00Z")];
    assert.deepEqual(originsOf(history).base, {
      layers: 3,
      evidence: 'the history ends a base image at its CMD ["python3"] (row 5), dated 54 years after the next row',
    });
  });

  test("is told from rows with a date by having none: Go's zero time is none", () => {
    const history = [
      row("RUN /bin/sh -c a # buildkit", "0001-01-01T00:00:00Z"),
      row("COPY b /b # buildkit", "2024-01-01T00:00:00Z"),
    ];
    assert.equal(originsOf(history).base.layers, 1);
  });

  test("is a distribution's root file system that ends with a CMD, all built in one hour", () => {
    const time = "2024-01-01T00:00:00Z";
    const history = [
      row("ADD alpine-minirootfs-3.20.0-x86_64.tar.gz / # buildkit", time),
      row('-CMD ["/bin/sh"]', time),
      row("RUN /bin/sh -c apk add curl # buildkit", time),
    ];
    assert.deepEqual(originsOf(history).base, {
      layers: 1,
      evidence:
        'the first layer is a distribution\'s root file system (ADD alpine-minirootfs-3.20.0-x86_64.tar.gz /), its image ends at CMD ["/bin/sh"] (row 1)',
    });
  });

  test("is named by buildah in the first row that it adds", () => {
    const time = "2024-01-01T00:00:00Z";
    const history = [
      row("/bin/sh -c a", time),
      row("/bin/sh -c b", time),
      row("/bin/sh -c c", time, "FROM images.example/fedora/fedora:40"),
      row("/bin/sh -c d", time),
    ];
    assert.deepEqual(originsOf(history).base, {
      layers: 2,
      evidence: "the history says FROM images.example/fedora/fedora:40 at row 2",
    });
  });

  test("without rows on it is no base image", () => {
    assert.equal(originsOf(python.slice(0, 2)).base.layers, 0);
  });

  test("may be all that there is of layers", () => {
    assert.equal(originsOf([...python, row("-USER me", "2024-07-21T12:00:00Z")]).base.layers, 3);
  });
});

suite("known base images", () => {
  const history = [...python, ...app];
  const diffIds = factsOf(Array.from({ length: 5 }, (_, index) => [{ path: `file-${index}` }])).image.layers.map(
    (layer) => layer.diffId,
  );

  test("the longest that the image begins with wins over the history", () => {
    const knownBases = [
      { name: "debian:12", diffIds: diffIds.slice(0, 1) },
      { name: "company/base", diffIds: diffIds.slice(0, 4) },
      { name: "other", diffIds: [...diffIds.slice(0, 3), `sha256:${"0".repeat(64)}`] },
    ];
    assert.deepEqual(originsOf(history, { knownBases }).base, {
      layers: 4,
      evidence: "the first 4 layers are those of company/base",
    });
  });

  test("the image itself and an image without layers are not its base", () => {
    const knownBases = [
      { name: "itself", diffIds },
      { name: "scratch", diffIds: [] },
    ];
    assert.equal(originsOf(history, { knownBases }).base.layers, 3);
  });

  test("annotations name the base, the history bounds it", () => {
    const annotations = { "org.opencontainers.image.base.name": "registry.example/library/python:3.12-slim" };
    assert.deepEqual(originsOf(history, { annotations }).base, {
      layers: 3,
      evidence:
        "the annotation org.opencontainers.image.base.name names registry.example/library/python:3.12-slim; " +
        'the history ends a base image at its CMD ["python3"] (row 5), built 41 days before the next row',
    });
  });

  test("an annotation alone bounds nothing", () => {
    const annotations = { "org.opencontainers.image.base.digest": "sha256:1234" };
    assert.deepEqual(originsOf([row("COPY a /a # buildkit")], { annotations }).base, {
      layers: 0,
      evidence:
        "the annotation org.opencontainers.image.base.digest names sha256:1234; nothing tells the base image's layers from the others",
    });
  });
});
