import { defineFormat, type Format } from "../contracts/format.ts";
import { printable } from "../lib/printable.ts";
import { mapTexts } from "./text/map-texts.ts";
import { joinWithin } from "./text/markdown-page.ts";
import { changesSection, transformsSection, weightsSection } from "./text/markdown-optimization.ts";
import {
  componentsSection,
  findingsSection,
  gpusSection,
  layersSection,
  problemsSection,
  sumsSection,
} from "./text/markdown-sections.ts";

// A comment on GitHub holds 65,536 characters.
const maxLength = 60_000;

/** For a pull request or a job's summary: the sums, then what to do, the rest folded away. At most 60,000 characters. */
export const markdown: Format = defineFormat({
  name: "markdown",
  endings: [".md", ".markdown"],
  summary: "for pull requests: the findings, the rest folded away",
  render: (report, { verbose }) => {
    const most = verbose ? 200 : 20;
    // Before anything is cut: what takes no column would not be cut at all.
    const safe = mapTexts(report, printable);
    const sections = [
      sumsSection(safe),
      findingsSection(safe, most),
      gpusSection(safe),
      problemsSection(safe),
      componentsSection(safe, most),
      layersSection(safe),
    ];
    return joinWithin(sections, maxLength);
  },
  renderOptimization: (optimization, { verbose }) => {
    const safe = mapTexts(optimization, printable);
    const sections = [
      weightsSection(safe),
      transformsSection(safe),
      problemsSection(safe),
      changesSection(safe, verbose ? 500 : 50),
    ];
    return joinWithin(sections, maxLength);
  },
});
