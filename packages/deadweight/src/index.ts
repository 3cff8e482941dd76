/** The public face of deadweight: what the command line uses, and any other program can. */
export { analyze, type AnalyzeOptions } from "./pipeline/analyze.ts";
export { build, type BuildResult } from "./pipeline/build.ts";
export type { BuildOptions } from "./pipeline/build/build-request.ts";
export type { BuildSettings } from "./pipeline/build/build-side.ts";
export { proposeEdits, type ProposingOptions } from "./pipeline/build/propose-edits.ts";
export type { EditPlan, PlannedEdit, ProposeEdits } from "./pipeline/build/edit-plan.ts";
export { compare, type Baseline, type Compared, type CompareOptions } from "./pipeline/compare.ts";
export { draftConfig } from "./pipeline/draft-config.ts";
export { examineMachine, type ExamineOptions, type MachineExamination } from "./pipeline/examine-machine.ts";
export {
  failedGates,
  parseBudget,
  parseThreshold,
  type Budget,
  type BudgetSubject,
  type Gates,
  type Threshold,
} from "./pipeline/gate.ts";
export { parseGrowth, passedGrowth, type GrowthLimit } from "./pipeline/growth.ts";
export { loadReport } from "./pipeline/load-report.ts";
export { checks, edits, formats, rules, transforms } from "./pipeline/members.ts";
export { optimize, type OptimizeOptions } from "./pipeline/optimize.ts";
export { promote, type PromoteOptions } from "./pipeline/promote.ts";
export { rollback } from "./pipeline/rollback.ts";
export { render, renderParts } from "./pipeline/render.ts";
export { renderValidation } from "./pipeline/render-validation.ts";
export {
  renderBuild,
  renderComparison,
  renderVerification,
  sideBySideFormats,
  type SideBySideFormat,
} from "./pipeline/render-side-by-side.ts";
export { reportJsonSchema } from "./pipeline/report-json-schema.ts";
export { restore, type RestoreOptions } from "./pipeline/restore.ts";
export { renderRewrite, rewriteFormats, type RewriteFormat } from "./pipeline/render-rewrite.ts";
export { rewrite, type RewriteOptions } from "./pipeline/rewrite.ts";
export { validate, type Validation } from "./pipeline/validate.ts";
export { validateRewrite, type ValidatedPlan } from "./pipeline/validate-rewrite.ts";
export { verify, type VerifyOptions } from "./pipeline/verify.ts";
export { UserError, type UserErrorOptions } from "./lib/user-error.ts";
export type { Check, CheckResult, Comparison } from "./contracts/check.ts";
export type { Edit } from "./contracts/edit.ts";
export type { Format, FormatOptions } from "./contracts/format.ts";
export type { Rule } from "./contracts/rule.ts";
export type { Transform } from "./contracts/transform.ts";
export {
  levels,
  type Change,
  type ChangeAction,
  type Level,
  type Omission,
  type Optimization,
  type PlatformOutcome,
  type Result,
  type Weight,
} from "./model/optimization.ts";
export { layerLimits, parseLayerShape, type LayerLimit, type LayerShape } from "./model/layer-shape.ts";
export type { Build, BuilderName, BuildStep } from "./model/build.ts";
export type { BuildOutcome, BuiltCandidate, BuiltDockerfile, EditOutcome } from "./model/build-outcome.ts";
export type { PromotedDockerfile, PromotedImage, PromotedTag, Promotion } from "./model/promotion.ts";
export type { Restoration } from "./model/restoration.ts";
export type { Verdict, VerdictKind, Verification, VerifiedImage } from "./model/verification.ts";
export type { Violation } from "./model/violation.ts";
export type * from "./model/size-comparison.ts";
export { configuredGpus } from "./pipeline/load-config.ts";
export { gpuTable } from "./model/gpu-table.ts";
export { parseGpus, printTarget, type GpuChoice, type GpuTarget } from "./model/gpu.ts";
export { parsePlatform, printPlatform, type Platform } from "./model/platform.ts";
export type { ProgressEvent } from "./model/progress.ts";
export type * from "./model/dockerfile-rewrite.ts";
export type * from "./model/report.ts";
