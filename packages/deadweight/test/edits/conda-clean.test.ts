import { test } from "node:test";
import { condaClean } from "../../src/edits/conda-clean.ts";
import { assertTruth, assertUntouched } from "../support/editing.ts";

test("conda cleans up behind what it installs", () => {
  assertTruth(condaClean, [
    ["RUN conda install -y a", "RUN conda install -y a && conda clean -afy"],
    [
      "RUN /opt/conda/bin/mamba env create -f e.yml; ls",
      "RUN /opt/conda/bin/mamba env create -f e.yml; ls && /opt/conda/bin/mamba clean -afy",
    ],
    ["RUN set -e; micromamba create -n b a", "RUN set -e; micromamba create -n b a; micromamba clean -afy"],
  ]);
});

test("it is left alone where it is clean, mounted, linked into, or no install", () => {
  assertUntouched(condaClean, [
    "RUN conda install -y a && conda clean -a -y",
    "RUN conda install -y a && rm -rf /opt/conda/pkgs/*",
    "RUN --mount=type=cache,target=/opt/conda/pkgs conda install -y a",
    "RUN conda config --set always_softlink true\nRUN conda install -y a",
    "RUN conda run -n a ls",
    "RUN conda install -y a || true",
  ]);
});
