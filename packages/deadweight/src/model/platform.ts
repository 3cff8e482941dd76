/** An OCI platform, as in an image config or an index. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** `linux/arm64/v8` as a platform; undefined when it is not of that form. */
export function parsePlatform(text: string): Platform | undefined {
  const [os, architecture, variant, ...rest] = text.split("/");
  if (!os || !architecture || rest.length > 0 || variant === "") return undefined;
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

/** A platform as `os/architecture[/variant]`. */
export function printPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
}
