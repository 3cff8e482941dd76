import { dirname } from "node:path";
import { chooseService } from "../run-settings.ts";
import type { BuildOptions } from "./build-request.ts";

/** A build with all that the service's configuration says of it; what was asked for by hand goes first. Throws UserError. */
export async function withConfiguredBuild<Options extends BuildOptions>(
  context: string | undefined,
  options: Options,
): Promise<{ readonly context: string; readonly options: Options }> {
  const config = options.config ?? (options.service === undefined ? undefined : "deadweight.yaml");
  if (config === undefined) return { context: context ?? ".", options };
  const { name, service } = await chooseService({
    config,
    ...(options.service === undefined ? {} : { service: options.service }),
  });
  const { build } = service;
  const { settings } = options;
  const file = options.file ?? (context === undefined ? build?.dockerfile : undefined);
  const tag = options.tag ?? build?.tag;
  const network = settings.network ?? build?.network;
  const target = settings.target ?? build?.target;
  return {
    context: context ?? build?.context ?? ".",
    options: {
      ...options,
      config,
      settings: {
        ...settings,
        args: { ...build?.args, ...settings.args },
        ...(network === undefined ? {} : { network }),
        ...(target === undefined ? {} : { target }),
      },
      record: options.record ?? name,
      recordFolder: options.recordFolder ?? dirname(config),
      ...(file === undefined ? {} : { file }),
      ...(tag === undefined ? {} : { tag }),
    },
  };
}
