/** A login. An identity token is exchanged for short-lived tokens and sent to nobody but the token endpoint. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  | { readonly kind: "identity-token"; readonly token: string };

/** What looking for a login may use of the world outside. */
export interface CredentialSearch {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** What a credential helper may take. */
  readonly helperMs: number;
}
