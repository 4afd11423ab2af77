// Tests for Vitest and for Jest, which both have `test`, `expect` and `beforeEach` as globals:
//   python -m pytest_asc run --empty -- npx vitest run --globals
//   NODE_OPTIONS=--experimental-vm-modules python -m pytest_asc run --empty -- npx jest --testMatch '**/*.test.mjs'
import { appNames } from "./app_names.mjs";
import { add, control, fail, requests, reset, token } from "./emulator.mjs";

beforeEach(reset);

test("lists the names of our apps", async () => {
  await add("apps", { name: "Lists", bundleId: "com.example.lists" });
  expect(await appNames(token())).toEqual(["Lists"]);
});

test("tries again after a 429", async () => {
  await fail("GET", "/v1/apps", { status: 429, headers: { "Retry-After": "0" } });
  expect(await appNames(token())).toEqual([]);
  expect((await requests()).map(request => request.status)).toEqual([429, 200]);
});

test("reports a rejected token, and the emulator names the cause", async () => {
  await expect(appNames(token().slice(0, -4))).rejects.toThrow("401");
  const [rejected] = await requests();
  expect(rejected.cause).toBe("token-signature-mismatch");
});

test("sees a build that Apple has rejected", async () => {
  const app = await add("apps");
  const build = await add("builds", { processingState: "PROCESSING" }, { app: { data: { type: "apps", id: app.id } } });
  await control("POST", "decisions", { type: "builds", id: build.id, outcome: "INVALID" });
  await control("POST", "time", {});
  const { attributes } = await control("GET", `resources/builds/${build.id}`);
  expect(attributes.processingState).toBe("INVALID");
});
