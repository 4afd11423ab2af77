// Lists apps, reads one with what it leads to; makes, changes and removes a beta group.

import { readFileSync } from "node:fs";
import { api } from "node-app-store-connect-api";

const { ASC_ISSUER_ID, ASC_KEY_ID, ASC_PRIVATE_KEY_PATH, ASC_BASE_URL } = process.env;
const { read, readAll, create, update, remove } = await api({
  issuerId: ASC_ISSUER_ID,
  apiKey: ASC_KEY_ID,
  privateKey: readFileSync(ASC_PRIVATE_KEY_PATH, "utf8"),
  urlBase: ASC_BASE_URL,
});

const { data: apps } = await readAll("apps");
const { data: app, included } = await read("apps/6448311069?include=appStoreVersions,builds");
const group = await create({ type: "betaGroups", attributes: { name: "Friends" }, relationships: { app } });
const renamed = await update(group, { attributes: { name: "Family" } });
await remove(group);
console.log(
  JSON.stringify({
    apps: apps.map((app) => app.attributes.name),
    app: app.attributes.sku,
    included: Object.fromEntries(Object.entries(included).map(([type, all]) => [type, Object.keys(all).length])),
    names: [group.attributes.name, renamed.attributes.name],
  }),
);
