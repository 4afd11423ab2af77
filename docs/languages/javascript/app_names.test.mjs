// Run it with `python -m pytest_asc run --empty -- node --test docs/languages/javascript`. Vitest and Jest need no
// change but the first import.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { add, control, fail, requests, reset, token } from "./emulator.mjs";

// The code under test: its URL is Apple's.
async function appNames(jwt) {
  const url = "https://api.appstoreconnect.apple.com/v1/apps?fields[apps]=name";
  const response = await fetch(url, { headers: { Authorization: `Bearer ${jwt}` } });
  if (response.status === 429) {
    await wait(Number(response.headers.get("Retry-After")) * 1000);
    return appNames(jwt);
  }
  if (!response.ok) throw new Error(`App Store Connect: ${response.status}`);
  return (await response.json()).data.map(app => app.attributes.name);
}

beforeEach(reset);

test("lists the names of our apps", async () => {
  await add("apps", { name: "Lists", bundleId: "com.example.lists" });
  assert.deepEqual(await appNames(token()), ["Lists"]);
});

test("tries again after a 429", async () => {
  await fail("GET", "/v1/apps", { status: 429, headers: { "Retry-After": "0" } });
  assert.deepEqual(await appNames(token()), []);
  assert.deepEqual((await requests()).map(request => request.status), [429, 200]);
});

test("reports a refused token, whose cause the emulator tells", async () => {
  await assert.rejects(appNames(token().slice(0, -4)), /401/);
  const [refused] = await requests();
  assert.equal(refused.cause, "token-signature-mismatch");
});

test("sees a build that Apple has rejected", async () => {
  const app = await add("apps");
  const build = await add("builds", { processingState: "PROCESSING" }, { app: { data: { type: "apps", id: app.id } } });
  await control("POST", "decisions", { type: "builds", id: build.id, outcome: "INVALID" });
  await control("POST", "time", {});
  const { attributes } = await control("GET", `resources/builds/${build.id}`);
  assert.equal(attributes.processingState, "INVALID");
});
