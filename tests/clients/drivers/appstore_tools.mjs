// Runs the program: lists apps, changes an app's texts, uploads a screenshot.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

function run(...words) {
  // Its dotenv greets on standard output, before the JSON.
  const env = { ...process.env, DOTENV_CONFIG_QUIET: "true" };
  const result = spawnSync("node_modules/.bin/appstore-tools", words, { encoding: "utf8", env });
  if (result.status !== 0) {
    process.stderr.write(result.stderr);
    process.exit(result.status);
  }
  return result.stdout;
}

const apps = JSON.parse(run("apps", "list", "--json"));
// It changes the first app info of an app: that of Cinema is the only one, and no version is live.
const texts = {
  "com.example.lists": {
    _app: { copyright: "2027 Example", ageRating: { gambling: true } },
    "de-DE": { description: "Listen.", screenshots: { APP_IPHONE_55: ["screenshot.png"] } },
    "fr-FR": { description: "Des listes." },
  },
  "com.example.cinema": {
    "de-DE": { subtitle: "Jeder Film an seinem Abend" },
    "fr-FR": { name: "Cinéma" },
  },
};
const done = Object.entries(texts).flatMap(([app, metadata]) => {
  writeFileSync("texts.json", JSON.stringify(metadata));
  const words = ["--app", app, "--metadata", "texts.json", "--apply", "--json"];
  const result = JSON.parse(run("apps", "update-metadata", ...words));
  return Object.keys(result).filter((name) => /(Updated|Created|Uploaded)$/.test(name) && result[name]);
});
console.log(JSON.stringify({ apps: apps.map((app) => app.name), done }));
