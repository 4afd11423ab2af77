// A client of the emulator's control API, for tests that run under `python -m pytest_asc run -- …`.
import { createPrivateKey, sign } from "node:crypto";

/** Runs a command of the control API, and returns the document of its response. */
export async function control(method, path, body) {
  const response = await fetch(process.env.ASC_EMULATOR_URL + path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const document = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(document.error);
  return document;
}

export const reset = () => control("POST", "reset");
export const add = (type, attributes = {}, relationships = {}) =>
  control("POST", "resources", { type, attributes, relationships });
export const fail = (method, path, options) => control("POST", "failures", { method, path, ...options });
export const requests = () => control("GET", "requests");

/** Signs a token with the key of the emulator, as your own code does. */
export function token({ ASC_KEY_ID, ASC_ISSUER_ID, ASC_PRIVATE_KEY } = process.env) {
  const now = Math.floor(Date.now() / 1000);
  const encode = part => Buffer.from(JSON.stringify(part)).toString("base64url");
  const header = { alg: "ES256", kid: ASC_KEY_ID, typ: "JWT" };
  const claims = { iss: ASC_ISSUER_ID, iat: now, exp: now + 600, aud: "appstoreconnect-v1" };
  const signed = `${encode(header)}.${encode(claims)}`;
  const key = { key: createPrivateKey(ASC_PRIVATE_KEY), dsaEncoding: "ieee-p1363" };
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}
