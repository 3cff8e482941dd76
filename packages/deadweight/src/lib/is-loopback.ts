/** Whether a host name, as `URL.hostname` gives it, is this machine's own loopback. Names that merely begin so are not. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
