import assert from "node:assert/strict";
import { test } from "node:test";
import { headlessOpencv } from "../../src/edits/headless-opencv.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { assertTruth, assertUntouched, proposalsOf } from "../support/editing.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";

test("the name becomes that of the headless build, versions and quotes as they were", () => {
  assertTruth(headlessOpencv, [
    ["RUN pip install opencv-python", "RUN pip install opencv-python-headless"],
    ["RUN pip install numpy opencv_python==4.9.0.80", "RUN pip install numpy opencv_python-headless==4.9.0.80"],
    ["RUN uv pip install 'opencv-contrib-python>=4'", "RUN uv pip install 'opencv-contrib-python-headless>=4'"],
  ]);
});

test("it stays where windows are opened, may be, or another package asks for it", () => {
  assertUntouched(headlessOpencv, [
    "RUN pip install opencv-python-headless",
    "RUN pip install opencv-python ultralytics",
    "RUN pip install opencv-python -r other.txt",
    "COPY . /app\nRUN pip install opencv-python",
    "RUN pip install opencv-python && python3 -c 'import cv2; cv2.imshow(1)'",
  ]);
  const text = "COPY . /app\nRUN pip install opencv-python";
  assertUntouched(headlessOpencv, [text], { files: { "app.py": "cv2.imshow('x', y)" } });
  assertTruth(headlessOpencv, [[text, `${text}-headless`]], { files: { "app.py": "cv2.imread('x')" } });
  assert.match(proposalsOf(headlessOpencv, `FROM a\n${text}\n`).notes[0]?.message ?? "", /not known here/);
});

test("a requirements file is for its owner to change", () => {
  const { proposals } = proposalsOf(headlessOpencv, "FROM a\nRUN pip install -r r.txt\n", {
    files: { "r.txt": "opencv-python\n" },
  });
  assert.deepEqual(proposals[0]?.replacements, []);
  assert.match(proposals[0]?.message ?? "", /write opencv-python-headless there/);
});

test("with the image Qt and X11 of the wheel are claimed", () => {
  const facts = factsOf([
    pythonEntries("opencv-python", "4.9", [
      "cv2/__init__.py",
      "cv2/qt/fonts/a.ttf",
      "opencv_python.libs/libQt5Core.so.5",
      "opencv_python.libs/libavcodec.so.59",
    ]),
  ]);
  const [proposal] = proposalsOf(headlessOpencv, "FROM a\nRUN pip install opencv-python\n", { facts }).proposals;
  assert.ok(proposal && "claims" in proposal.saving);
  const names = proposal.saving.claims.map(({ entry }) => facts.get(fileTree).path(entry).replace(/.*\//, "")).sort();
  assert.deepEqual(names, ["a.ttf", "libQt5Core.so.5"]);
});
