// Signing in by a one-time link, with and without JavaScript; the secret stays out of addresses; sessions seen and ended; signing out.

import { check, done, look, origin, window } from "./watched.mjs";

const [, , , , ...links] = process.argv;
const secret = (link) => link.split("#")[1];

// With JavaScript the link fills in itself, leaves the address, and waits for who opened it.
for (const [language, link] of [["nl", links[0]], ["en", links[1]]]) {
  const page = await window({ locale: language });
  const addresses = [];
  page.on("request", (request) => addresses.push(request.url()));
  await page.goto(link);
  const button = page.locator("#sign-in button");
  check((await page.locator("#code").inputValue()) === secret(link), "the link is not filled in");
  check(page.url() === `${origin}/sign-in`, "the secret stays in the address");
  await look(page, `sign-in-${language}`);
  await button.click();
  await page.waitForURL(`${origin}/`);
  check(await page.locator(".sluis-banner form").isVisible(), `${language}: the link does not sign in`);
  check(!addresses.some((address) => address.includes(secret(link))), "the secret is in an address");
  check(!(await page.content()).includes(secret(link)), "the secret is in a page");
  await look(page, `signed-in-${language}`);
  await page.goto(`${origin}/sessions`);
  await look(page, `sessions-${language}`);
  const cookies = await page.context().cookies();
  const session = cookies.find((cookie) => cookie.name.endsWith("session"));
  check(session?.httpOnly && session.sameSite === "Lax", "the session's cookie can be read by scripts, or is sent by other sites");

  // Nothing of it is left for who presses "back" after signing out.
  await page.locator(".sluis-banner form button").click();
  await page.waitForURL(`${origin}/sign-in`);
  await page.goBack();
  check((await page.locator(".sluis-banner form").count()) === 0, "a page of a session that is over is shown again");
  await look(page, `signed-out-${language}`);

  // Again by the same link.
  await page.goto("about:blank");
  await page.goto(link);
  await button.click();
  await page.locator("[role=status]").waitFor();
  check((await page.locator(".sluis-banner form").count()) === 0, "a link signs in twice");
  await look(page, `link-used-${language}`);
  await page.context().close();
}

// Without JavaScript the link is pasted.
const page = await window({ javaScriptEnabled: false });
await page.goto(links[2]);
await page.getByLabel("Aanmeldlink").fill(links[2]);
await page.getByRole("button", { name: "Aanmelden" }).click();
await page.waitForURL(`${origin}/`);
check(await page.getByRole("button", { name: "Afmelden" }).isVisible(), "without JavaScript nobody signs in");
await page.getByRole("link", { name: "Uw aanmeldingen" }).click();
await page.getByRole("button", { name: "Beëindigen" }).click();
await page.waitForURL(`${origin}/sign-in`);

await done();
