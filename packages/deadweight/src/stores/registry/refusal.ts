import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { parseSecretJson } from "./parse-secret-json.ts";
import { readBody } from "./read-body.ts";
import type { Answer } from "./transport.ts";

const longestBody = 64 * 1024;

/** The codes of the distribution specification. Others are not shown: a registry could send the login back. */
const knownCodes = new Set([
  "BLOB_UNKNOWN",
  "BLOB_UPLOAD_INVALID",
  "BLOB_UPLOAD_UNKNOWN",
  "DENIED",
  "DIGEST_INVALID",
  "MANIFEST_BLOB_UNKNOWN",
  "MANIFEST_INVALID",
  "MANIFEST_UNKNOWN",
  "MANIFEST_UNVERIFIED",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "QUOTA_EXCEEDED",
  "SIZE_INVALID",
  "TAG_INVALID",
  "UNAUTHORIZED",
  "UNSUPPORTED",
]);

/** The error for an answer to a push that is not the one hoped for: `unauthorized`, or `refused`. Reads the answer. */
export async function refusal(answer: Answer, what: string, host: string): Promise<UserError> {
  const code = await codeOf(answer, what);
  const from = answer.url.host === host ? "" : ` from ${answer.url.host}`;
  const said = `HTTP ${answer.status}${from}${code === undefined ? "" : `, ${code}`}`;
  if (answer.status === 401 || answer.status === 403 || code === "DENIED") {
    return new UserError("unauthorized", `${what}: this login may not push it (${said})`, {
      hint: `Check the name, then \`docker login ${host}\` as somebody who may push there.`,
    });
  }
  return new UserError("refused", `${what}: the registry refuses it (${said})`);
}

async function codeOf(answer: Answer, what: string): Promise<string | undefined> {
  // Whatever goes wrong here is less than the status says.
  const bytes = await readBody(answer, longestBody, what).catch(() => undefined);
  const errors = parseSecretJson(new TextDecoder().decode(bytes))?.["errors"];
  const code = Array.isArray(errors) ? asRecord(errors[0])?.["code"] : undefined;
  return typeof code === "string" && knownCodes.has(code) ? code : undefined;
}
