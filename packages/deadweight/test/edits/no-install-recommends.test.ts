import assert from "node:assert/strict";
import { test } from "node:test";
import { noInstallRecommends } from "../../src/edits/no-install-recommends.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";
import { assertTruth, assertUntouched, edited, proposalsOf, type EditWorld } from "../support/editing.ts";
import { debianEntries, type DebianPackage } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";

test("the flag is set and what matters is kept by name, for each RUN by itself, as each may be taken alone", () => {
  assertTruth(noInstallRecommends, [
    ["RUN apt-get install -y ffmpeg", "RUN apt-get install --no-install-recommends -y ffmpeg"],
    ["RUN apt-get install -y curl", "RUN apt-get install --no-install-recommends -y ca-certificates curl"],
    ["RUN apt-get install -y ca-certificates curl", "RUN apt-get install --no-install-recommends -y ca-certificates curl"],
    [
      "RUN apt-get install -y gcc=4:12 git",
      "RUN apt-get install --no-install-recommends -y ca-certificates libc6-dev gcc=4:12 git",
    ],
    [
      "RUN apt install -y git && git clone git@host.example:x",
      "RUN apt install --no-install-recommends -y ca-certificates openssh-client git && git clone git@host.example:x",
    ],
    ["RUN apt-get install -y cmake build-essential", "RUN apt-get install --no-install-recommends -y cmake build-essential"],
    ["RUN apt-get install -y xvfb", "RUN apt-get install --no-install-recommends -y xauth xvfb"],
    ["RUN apt-get install -y $(cat p)", "RUN apt-get install --no-install-recommends -y $(cat p)"],
    [
      "RUN apt-get -y -qq install \\\n    curl \\\n    wget",
      "RUN apt-get -y -qq install --no-install-recommends \\\n    ca-certificates curl \\\n    wget",
    ],
    [
      "RUN apt-get install -y wget\nRUN apt-get install -y git",
      "RUN apt-get install --no-install-recommends -y ca-certificates wget\nRUN apt-get install --no-install-recommends -y ca-certificates git",
    ],
  ]);
});

test("it is left alone where the flag is set by any way, or asked against", () => {
  assertUntouched(noInstallRecommends, [
    "RUN apt-get install -y --no-install-recommends a",
    "RUN apt-get --no-install-recommends install a",
    "RUN apt-get install -o APT::Install-Recommends=false a",
    "RUN apt-get -o APT::Install-Recommends=0 install a",
    "RUN apt-get install --install-recommends a",
    "RUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/99x\nRUN apt-get install -y a",
    "RUN apt-get remove -y a",
    "RUN echo apt-get install a",
  ]);
});

const status = (name: string, depends = ""): string =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n${depends}\n`;

test("with the image it counts what nothing depends on, of the instruction's layer", () => {
  const facts = factsOf([
    [{ path: "base", content: "x" }],
    [
      {
        path: "var/lib/dpkg/status",
        content: [
          status("app", "Depends: needed\nRecommends: extra\n"),
          status("needed"),
          status("extra"),
          status("ca-certificates"),
        ].join("\n"),
      },
      {
        path: "var/lib/apt/extended_states",
        content: ["needed", "extra", "ca-certificates"]
          .map((name) => `Package: ${name}\nArchitecture: amd64\nAuto-Installed: 1\n`)
          .join("\n"),
      },
      ...["app", "needed", "extra", "ca-certificates"].flatMap((name) => [
        { path: `var/lib/dpkg/info/${name}.list`, content: `/usr/${name}\n` },
        { path: `usr/${name}`, content: name },
      ]),
    ],
  ]);
  const claimed = (text: string): readonly string[] => {
    const [proposal] = proposalsOf(noInstallRecommends, text, { facts, layers: { 2: [1] } }).proposals;
    assert.ok(proposal && "claims" in proposal.saving);
    return proposal.saving.claims.map(({ entry }) => textOf(facts.get(fileTree).path(entry)));
  };
  const extra = (paths: readonly string[]): readonly string[] => paths.filter((path) => path.startsWith("usr/")).toSorted();
  assert.deepEqual(extra(claimed("FROM a\nRUN apt-get install -y app\n")), ["usr/ca-certificates", "usr/extra"]);
  assert.deepEqual(extra(claimed("FROM a\nRUN apt-get install -y app curl\n")), ["usr/extra"]);
});

test("what only a recommendation brings stays by name where a program that the command starts names a file of it", () => {
  const text = "FROM a\nRUN apt-get install -y program\n";
  const tables: DebianPackage = { name: "tables", automatic: true, files: ["etc/tables"] };
  const documents: DebianPackage = { name: "documents", automatic: true, files: ["usr/share/documents"] };
  const world = (constants: readonly string[], depends?: string): EditWorld => {
    const dpkg = debianEntries([{ name: "program", ...(depends !== undefined && { depends }) }, tables, documents]);
    const program = { path: "usr/bin/program", content: dynamicElf({ constants }), mode: 0o755 };
    const config = { command: ["/usr/bin/program"] };
    return {
      facts: factsOf([[{ path: "base", content: "x" }], [...dpkg, program]], { programs: true, config }),
      layers: { 2: [1] },
    };
  };
  const without = "FROM a\nRUN apt-get install --no-install-recommends -y program\n";
  assert.equal(edited(noInstallRecommends, text, world(["/etc/tables"])), without.replace("program", "tables program"));
  assert.equal(edited(noInstallRecommends, text, world(["/etc/other"])), without);
  assert.equal(edited(noInstallRecommends, text, world(["/etc/tables"], "tables")), without);
});

test("without the image it says where the figure is from", () => {
  const [proposal] = proposalsOf(noInstallRecommends, "FROM a\nRUN apt-get install -y python3-pip curl\n").proposals;
  assert.deepEqual(proposal?.saving, {
    bytes: 429_100_000,
    source: "installed size of what python3-pip alone recommends in Debian bookworm",
  });
});
