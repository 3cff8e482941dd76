import { isIP } from "node:net";
import { isLoopback } from "../../lib/is-loopback.ts";

/** Below these, each customer has a host of his own: only the very same host is the same site. From the private part of publicsuffix.org. */
const sharedSuffixes = [
  "amazonaws.com",
  "appspot.com",
  "azurecr.io",
  "azurewebsites.net",
  "b-cdn.net",
  "cloudfront.net",
  "digitaloceanspaces.com",
  "duckdns.org",
  "fly.dev",
  "github.io",
  "gitlab.io",
  "herokuapp.com",
  "jfrog.io",
  "netlify.app",
  "ngrok-free.app",
  "ngrok.app",
  "ngrok.io",
  "onrender.com",
  "pages.dev",
  "run.app",
  "ts.net",
  "vercel.app",
  "web.app",
  "windows.net",
  "workers.dev",
];

/**
 * Whether two host names belong to one owner: the same registrable domain. Stricter than the public suffix list where it can't
 * tell: a short name below a country's domain (`co.uk`) counts as a suffix.
 */
export function isSameSite(one: string, other: string): boolean {
  return one === other || (isLoopback(one) && isLoopback(other)) || siteOf(one) === siteOf(other);
}

function siteOf(hostname: string): string {
  if (isIP(hostname) !== 0 || hostname.startsWith("[")) return hostname;
  if (sharedSuffixes.some((suffix) => hostname.endsWith(`.${suffix}`))) return hostname;
  const labels = hostname.split(".");
  const isCountry = labels.at(-1)?.length === 2;
  const suffixLabels = isCountry && (labels.at(-2)?.length ?? 0) <= 4 ? 2 : 1;
  return labels.slice(-suffixLabels - 1).join(".");
}
