// Lists apps, registers a bundle id and takes it back; goes through the proxy (axios).

import { readFileSync } from "node:fs";
import utils from "@expo/apple-utils";

const { ASC_ISSUER_ID: issuerId, ASC_KEY_ID: keyId, ASC_PRIVATE_KEY_PATH } = process.env;
const token = new utils.Token({ key: readFileSync(ASC_PRIVATE_KEY_PATH, "utf8"), issuerId, keyId, duration: 1200 });
const context = { token };
const apps = await utils.App.getAsync(context, { query: { limit: 100 } });
const app = await utils.App.findAsync(context, { bundleId: "com.example.ledger" });
const groups = await utils.BetaGroup.getAsync(context, { query: { filter: { app: app.id } } });
const bundleId = await utils.BundleId.createAsync(context, { name: "New", identifier: "com.example.new" });
const found = await utils.BundleId.findAsync(context, { identifier: "com.example.new" });
await utils.BundleId.deleteAsync(context, { id: found.id });
console.log(
  JSON.stringify({
    apps: apps.map((app) => app.attributes.name),
    app: app.attributes.sku,
    groups: groups.map((group) => group.attributes.name),
    found: found.id === bundleId.id,
  }),
);
