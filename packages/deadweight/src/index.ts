/** The public face of deadweight: what the command line uses, and any other program can. */
export { analyze, type AnalyzeOptions } from "./pipeline/analyze.ts";
