// Lists apps, reads one with what it leads to; makes, changes and removes a beta group; uploads a screenshot.

import { readFileSync } from "node:fs";
import { api } from "node-app-store-connect-api";

const { ASC_ISSUER_ID, ASC_KEY_ID, ASC_PRIVATE_KEY_PATH, ASC_BASE_URL } = process.env;
const { read, readAll, create, update, remove, uploadAsset } = await api({
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

const { data: versions } = await readAll(`apps/${app.id}/appStoreVersions?filter[versionString]=2.0`);
const { data: localizations } = await readAll(`appStoreVersions/${versions[0].id}/appStoreVersionLocalizations`);
const set = await create({
  type: "appScreenshotSets",
  attributes: { screenshotDisplayType: "APP_IPHONE_55" },
  relationships: { appStoreVersionLocalization: localizations[0] },
});
const picture = readFileSync("screenshot.png");
const screenshot = await create({
  type: "appScreenshots",
  attributes: { fileName: "screenshot.png", fileSize: picture.length },
  relationships: { appScreenshotSet: set },
});
await uploadAsset(screenshot, picture);
const { data: uploaded } = await read(`appScreenshots/${screenshot.id}`);
console.log(
  JSON.stringify({
    apps: apps.map((app) => app.attributes.name),
    app: app.attributes.sku,
    included: Object.fromEntries(Object.entries(included).map(([type, all]) => [type, Object.keys(all).length])),
    screenshot: uploaded.attributes.assetDeliveryState.state,
    names: [group.attributes.name, renamed.attributes.name],
  }),
);
