// Every page that is open to anyone: both languages, light and dark, with and without JavaScript, by keyboard, on paper, and from another site.

import { createServer } from "node:http";
import { check, done, look, origin, stranger, window } from "./watched.mjs";

const OTHER = { nl: "English", en: "Nederlands" };

for (const colorScheme of ["light", "dark"]) {
  for (const javaScriptEnabled of [true, false]) {
    // Without JavaScript a page cannot be looked into: axe runs with it.
    const page = await window({ colorScheme, javaScriptEnabled });
    await page.goto(`${origin}/`);
    for (const [now, next] of [["nl", "en"], ["en", "nl"]]) {
      const lang = await page.getAttribute("html", "lang");
      check(lang === now, `the start page is in ${lang}, not in ${now}`);
      if (javaScriptEnabled) await look(page, `start-${now}-${colorScheme}`);
      await page.getByRole("button", { name: OTHER[now] }).click();
      await page.waitForURL(`${origin}/`);
      check((await page.getAttribute("html", "lang")) === next, `${OTHER[now]} does not change the language`);
    }
    await page.goto(`${origin}/nothing-here`);
    if (javaScriptEnabled) await look(page, `not-found-nl-${colorScheme}`);
    check((await page.locator("h1").innerText()) === "Deze pagina is er niet", "the page that is not there says so");
    await page.context().close();
  }
}

// By keyboard: the first stop leads past the header.
const page = await window();
await page.goto(`${origin}/`);
await page.keyboard.press("Tab");
const first = await page.evaluate(() => document.activeElement.className);
check(first.includes("skip-link"), `the first stop is ${first}`);
check((await page.locator(".utrecht-skip-link").boundingBox())?.y >= 0, "the skip link is not seen when it has the focus");
await page.keyboard.press("Enter");
check((await page.evaluate(() => document.activeElement.id)) === "content", "the skip link does not lead to the content");

// On paper: what cannot be pressed there is left out.
await page.emulateMedia({ media: "print" });
check(await page.locator(".sluis-language").isHidden(), "a button is printed");
await page.emulateMedia({ media: "screen" });

// From another site: not framed, and nothing is changed.
const site = createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  response.end(`<iframe src="${origin}/"></iframe><form method="post" action="${origin}/language"><button name="language" value="en">Win</button></form>`);
});
await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
const evil = await stranger();
await evil.goto(`http://127.0.0.1:${site.address().port}/`);
const framed = evil.frames().find((frame) => frame !== evil.mainFrame());
check(!(await framed.content()).includes("sluis-header"), "another site frames a page");
const [answer] = await Promise.all([evil.waitForResponse(`${origin}/language`), evil.getByRole("button").click()]);
check(answer.status() === 403, `a form of another site gets ${answer.status()}`);
check((await evil.context().cookies(origin)).length === 0, "a form of another site sets a cookie");
site.close();

await done();
