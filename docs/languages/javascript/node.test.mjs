// The same tests for Node's own test runner, without any package:
//   python -m pytest_asc run --empty -- node --test docs/languages/javascript/node.test.mjs
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { appNames } from "./app_names.mjs";
import { add, control, fail, requests, reset, token } from "./emulator.mjs";

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

test("reports a rejected token, and the emulator names the cause", async () => {
  await assert.rejects(appNames(token().slice(0, -4)), /401/);
  const [rejected] = await requests();
  assert.equal(rejected.cause, "token-signature-mismatch");
});

test("sees a build that Apple has rejected", async () => {
  const app = await add("apps");
  const build = await add("builds", { processingState: "PROCESSING" }, { app: { data: { type: "apps", id: app.id } } });
  await control("POST", "decisions", { type: "builds", id: build.id, outcome: "INVALID" });
  await control("POST", "time", {});
  const { attributes } = await control("GET", `resources/builds/${build.id}`);
  assert.equal(attributes.processingState, "INVALID");
});
