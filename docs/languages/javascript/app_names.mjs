// The code under test. It sends its requests to Apple's URL.
import { setTimeout as wait } from "node:timers/promises";

export async function appNames(jwt) {
  const url = "https://api.appstoreconnect.apple.com/v1/apps?fields[apps]=name";
  const response = await fetch(url, { headers: { Authorization: `Bearer ${jwt}` } });
  if (response.status === 429) {
    await wait(Number(response.headers.get("Retry-After")) * 1000);
    return appNames(jwt);
  }
  if (!response.ok) throw new Error(`App Store Connect: ${response.status}`);
  return (await response.json()).data.map(app => app.attributes.name);
}
