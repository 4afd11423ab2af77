// Lists apps by page, filter, fields and sort; makes, changes and deletes a beta group.

import { readFileSync } from "node:fs";
import * as sdk from "appstore-connect-sdk";

const { ASC_ISSUER_ID, ASC_KEY_ID, ASC_PRIVATE_KEY_PATH, ASC_BASE_URL } = process.env;
const client = sdk.createClient({
  issuerId: ASC_ISSUER_ID,
  privateKeyId: ASC_KEY_ID,
  privateKey: readFileSync(ASC_PRIVATE_KEY_PATH, "utf8"),
  baseUrl: ASC_BASE_URL,
});
const ask = { client, throwOnError: true };

const apps = [];
let page = { limit: 100 };
while (page) {
  const { data } = await sdk.appsGetCollection({ ...ask, query: page });
  apps.push(...data.data);
  page = data.links.next && Object.fromEntries(new URL(data.links.next).searchParams);
}
const query = {
  "filter[bundleId]": ["com.example.ledger", "com.example.lists"],
  "fields[apps]": ["name", "bundleId"],
  sort: ["-name"],
  limit: 2,
};
const { data: two } = await sdk.appsGetCollection({ ...ask, query });
const path = { id: two.data[1].id };
const { data: ledger } = await sdk.appsGetInstance({ ...ask, path });

const body = {
  data: {
    type: "betaGroups",
    attributes: { name: "Friends" },
    relationships: { app: { data: { type: "apps", id: path.id } } },
  },
};
const { data: group } = await sdk.betaGroupsCreateInstance({ ...ask, body });
const { type, id } = group.data;
const { data: renamed } = await sdk.betaGroupsUpdateInstance({
  ...ask,
  path: { id },
  body: { data: { type, id, attributes: { name: "Family" } } },
});
await sdk.betaGroupsDeleteInstance({ ...ask, path: { id } });
console.log(
  JSON.stringify({
    apps: apps.map((app) => app.attributes.name),
    two: two.data.map((app) => app.attributes),
    app: ledger.data.attributes.sku,
    names: [group.data.attributes.name, renamed.data.attributes.name],
  }),
);
