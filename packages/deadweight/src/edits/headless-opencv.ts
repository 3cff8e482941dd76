import { claimsWithin } from "../claims/claims-within.ts";
import { defineEdit, type Edit, type EditContext, type ProposedSaving } from "../contracts/edit.ts";
import { fileTree } from "../facts/file-tree.ts";
import { packages } from "../facts/packages.ts";
import { someOf } from "../lib/some-of.ts";
import type { Replacement } from "../model/dockerfile.ts";
import { gathered, type Finding } from "./evidence/gathered.ts";
import { shippedSteps } from "./evidence/shipped-steps.ts";
import { normalName, pythonInstalls, type PythonInstall, type Requirement } from "./evidence/python-installs.ts";

const withWindows = /^opencv-(?:contrib-)?python$/;
const windowCalls =
  /\bcv2\.(?:imshow|namedWindow|waitKey|destroy(?:All)?Windows?|createTrackbar|setMouseCallback|selectROIs?|resizeWindow)\b/;

// Their metadata asks for opencv-python or opencv-contrib-python by name: pip would bring it back, and both write to cv2.
const requiring =
  /^(?:ultralytics|supervision|insightface|paddleocr|paddlex|imgaug|mmcv.*|mmdet|deepface|retina-face|facenet.*|roboflow|yolov5|basicsr|gfpgan|realesrgan|rembg|controlnet-aux|invisible-watermark|timm-vis)$/;
const mostFiles = 2000;

/** OpenCV without windows. */
export const headlessOpencv: Edit = defineEdit({
  name: "headless-opencv",
  title: "opencv-python-headless, where no window is opened",
  safety: "verified",
  order: 60,
  meaning:
    "opencv-python brings Qt and X11 to open windows, which a container has none of: 12.5 MB of the wheel of 4.13. What it needs of " +
    "the system for them, libgl1 with Mesa and LLVM, is 216 MB more, and can go by hand afterwards.",
  risk:
    "cv2.imshow and its kin fail with the headless build. It is left alone where code of the build context calls them, where that code is " +
    "not known, and where another package asks for opencv-python by name, since both would write to the same folder.",
  checks: ["python-imports", "python-modules", "elf-closure"],
  example: {
    before: 'FROM python:3.11-slim\nRUN pip install --no-cache-dir "opencv-python>=4.9" numpy\n',
    after: 'FROM python:3.11-slim\nRUN pip install --no-cache-dir "opencv-python-headless>=4.9" numpy\n',
  },
  propose: (context) => {
    const installs = pythonInstalls(context, shippedSteps(context));
    return gathered(installs.map((install) => findingFor(context, installs, install)));
  },
});

function findingFor(context: EditContext, installs: readonly PythonInstall[], install: PythonInstall): Finding {
  const found = install.requirements.filter(({ name }) => withWindows.test(name));
  const { instruction } = install.step;
  const [first] = found;
  if (first === undefined) return undefined;
  const refusal = windowsOpenedBy(context) ?? askedForBy(context, installs);
  if (refusal !== undefined) return { instruction, message: `${first.name} stays: ${refusal}` };
  const replacements = found.flatMap(headless);
  return {
    instruction,
    message:
      replacements.length > 0
        ? `${first.name} brings Qt and X11, and no window is opened`
        : `${first.name} in the requirements file brings Qt and X11, and no window is opened: write ${first.name}-headless there`,
    reason: "the headless build is the same OpenCV without windows",
    replacements,
    saving: savingFor(context),
  };
}

function headless({ word }: Requirement): readonly Replacement[] {
  const [text] = /opencv[-_.](?:contrib[-_.])?python/i.exec(word?.text ?? "") ?? [];
  if (word === undefined || text === undefined) return [];
  const end = word.start + word.text.indexOf(text) + text.length;
  return [{ start: end, end, text: "-headless" }];
}

function windowsOpenedBy(context: EditContext): string | undefined {
  const { dockerfile, contextFiles, readContextFile } = context;
  const inline = windowCalls.exec(dockerfile.text)?.[0];
  if (inline !== undefined) return `the Dockerfile calls ${inline}`;
  const copies = dockerfile.instructions.some(
    ({ keyword, flags }) => /^(?:COPY|ADD)$/.test(keyword) && !flags.some(({ name }) => name === "from"),
  );
  if (!copies) return undefined;
  if (contextFiles === undefined) return "the code that is copied is not known here, and may open windows";
  const code = contextFiles.filter(({ path }) => /\.(?:py|ipynb)$/.test(path));
  if (code.length > mostFiles) return `${code.length} files of code are too many to look for windows`;
  const opening = code.find(({ path }) => windowCalls.test(readContextFile(path) ?? "cv2.imshow"));
  return opening === undefined ? undefined : `${opening.path} opens windows, or can't be read`;
}

function askedForBy({ built }: EditContext, installs: readonly PythonInstall[]): string | undefined {
  if (built !== undefined) {
    const asking = built.facts
      .get(packages)
      .final.filter(
        ({ kind, requires = [] }) => kind === "python" && requires.some((name) => withWindows.test(normalName(name))),
      );
    return asking.length === 0 ? undefined : `${someOf(asking.map(({ name }) => name))} asks for it by name`;
  }
  const unread = installs.flatMap((install) => install.unread);
  if (unread.length > 0) return `${someOf(unread)} can't be read here, and may ask for it`;
  const asking = installs.flatMap(({ requirements }) => requirements).filter(({ name }) => requiring.test(name));
  return asking.length === 0 ? undefined : `${someOf(asking.map(({ name }) => name))} asks for it by name`;
}

function savingFor({ built }: EditContext): ProposedSaving {
  if (built === undefined) return { bytes: 12_500_000, source: "wheels of OpenCV 4.13: 72.9 and 60.4 MB" };
  const ofWindows = ["libQt*", "libX*", "libxcb*", "libxkb*", "libSM*", "libICE*"].map((name) => `**/opencv*python.libs/${name}`);
  return { claims: claimsWithin(built.facts.get(fileTree), [...ofWindows, "**/cv2/qt"]) };
}
