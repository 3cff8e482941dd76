import { test } from "node:test";
import { gitDepth } from "../../src/edits/git-depth.ts";
import { assertTruth, assertUntouched } from "../support/editing.ts";

test("clones get a depth", () => {
  assertTruth(gitDepth, [
    ["RUN git clone https://mirror.example/x", "RUN git clone --depth 1 https://mirror.example/x"],
    [
      "RUN git -C /opt clone --recursive -b v1 $URL x && make",
      "RUN git -C /opt clone --depth 1 --recursive -b v1 $URL x && make",
    ],
  ]);
});

test("they are left where the history is used, or is not brought", () => {
  assertUntouched(gitDepth, [
    "RUN git clone --depth=1 https://mirror.example/x",
    "RUN git clone --filter=blob:none https://mirror.example/x",
    "RUN git clone https://mirror.example/x && cd x && git checkout 1234abc",
    "RUN git clone https://mirror.example/x\nRUN cd x && git describe",
    "RUN git clone https://mirror.example/x && pip install ./x",
    "RUN git clone https://mirror.example/x && cd x && pip install -e .",
    "RUN git clone https://mirror.example/x && cd x && python setup.py install",
    "RUN git clone /src x",
    "RUN git init",
  ]);
});
