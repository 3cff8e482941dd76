import { asRecord, parseJson } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import type { ReportComponent, ReportLayer } from "../model/report.ts";
import type { ComponentPair, LayerPair, SizeComparison, Weighed } from "../model/size-comparison.ts";
import { loadReport, readBounded } from "./load-report.ts";

/** What an image weighed by a saved result: a report, the source of an optimisation, or the image after of a comparison. Throws UserError. */
export async function loadBaseline(path: string): Promise<Weighed> {
  const what = `could not read the baseline ${path}`;
  const value = parseJson(await readBounded(path, what), what);
  if (asRecord(value)?.["transfer"] === undefined) return loadReport(path);
  const { sizeComparisonSchema } = await import("../model/size-comparison-schema.ts");
  const result = sizeComparisonSchema.safeParse(value);
  if (result.success) return weighedAfter(result.data);
  throw new UserError("unreadable", `${what}: it is no comparison of this version`, {
    hint: "give a file that `deadweight analyze` or `deadweight compare` wrote with -f json",
    cause: result.error,
  });
}

function weighedAfter({ after, layers, components }: SizeComparison): Weighed {
  return {
    image: after.image,
    totals: { ...after.totals, reclaimableBytes: 0, reclaimableCompressedBytes: 0 },
    baseImage: after.baseImage,
    layers: layers.flatMap(layerAfter),
    components: components.flatMap(componentAfter),
  };
}

function layerAfter({ after, instruction }: LayerPair): readonly ReportLayer[] {
  return after === undefined ? [] : [{ ...after, mediaType: "", files: 0, instruction }];
}

function componentAfter({ kind, name, after }: ComponentPair): readonly ReportComponent[] {
  return after === undefined ? [] : [{ kind, name, ...after, layers: [] }];
}
