// The log: its lines, an entry opened with what was asked, given and withheld, in both languages.

import { check, done, look, origin, window } from "./watched.mjs";

const [, , , , link] = process.argv;

const page = await window({ locale: "nl" });
await page.goto(`${origin}/sign-in`);
await page.locator("#code").fill(link);
await page.locator("#sign-in button").click();
await page.waitForURL(`${origin}/`);

for (const [language, name] of [["nl", "Verstrekking"], ["en", "Disclosure"]]) {
  await page.locator(".sluis-banner nav a[href='/log']").click();
  await page.waitForURL(`${origin}/log`);
  check((await page.locator("html").getAttribute("lang")) === language, "not in the language that was chosen");
  const lines = await page.locator("tbody tr").count();
  check(lines > 0, "no lines");
  await look(page, `log-${language}`);
  await page.locator("tbody").getByRole("link", { name, exact: true }).first().click();
  await page.waitForURL(/\/log\/entries\/\d+$/);
  check((await page.locator("h1").innerText()) === name, "another entry than was chosen");
  check((await page.locator("tbody tr").count()) > 0, "what was given is not there");
  check((await page.locator("main img").count()) === 0, "what a requester wrote became part of the page");
  await look(page, `entry-${language}`);
  if (language === "nl") await page.locator(".sluis-language button").click();
}

// Somebody else's entry is like none.
const answer = await page.goto(`${origin}/log/entries/99999999`);
check(answer.status() === 404, "an entry that is not hers is told apart");

await done();
