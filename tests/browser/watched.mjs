// A browser that is watched: what a page logs, fetches, violates or makes hard to use is a finding, and one finding fails the scenario.

import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(path.join(process.env.SLUIS_BROWSER_MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [, , origin, screens] = process.argv;
export { origin };

const WIDTHS = { wide: { width: 1280, height: 900 }, narrow: { width: 360, height: 740 } };
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const findings = [];
export const finding = (text) => findings.push(text);
export const check = (holds, text) => holds || finding(text);

const executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
if (!executable) throw new Error("no Chromium: install the package chromium");
// Chromium refuses its sandbox to root, who runs the tests in a container.
const browser = await chromium.launch({ executablePath: executable, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });

/** A window of somebody's, with what Playwright calls its options; nothing in it goes unseen. */
export async function window(options = {}) {
  const context = await browser.newContext({ viewport: WIDTHS.wide, locale: "nl-NL", ...options });
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)),
  );
  context.on("page", (page) => {
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && expected(message.text()) && finding(`${page.url()}: console: ${message.text()}`));
    page.on("pageerror", (error) => finding(`${page.url()}: script: ${error.message}`));
    // A page that is left while its pictures are fetched gives them up.
    page.on("requestfailed", (request) => request.failure()?.errorText === "net::ERR_ABORTED" || finding(`${request.url()}: not fetched: ${request.failure()?.errorText}`));
  });
  context.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) finding(`a request to another host: ${request.url()}`);
  });
  return context.newPage();
}

// A page that tells of a mistake has its status, which Chromium logs: that is wanted.
const expected = (text) => !/^Failed to load resource: the server responded with a status of 4\d\d/.test(text);

/** A window whose pages may do anything: for what an attacker would do. */
export const stranger = async () => (await browser.newContext({ viewport: WIDTHS.wide })).newPage();

/** Screenshots at both widths; nothing may stick out, nothing may be hard to use. */
export async function look(page, name) {
  for (const [width, size] of Object.entries(WIDTHS)) {
    await page.setViewportSize(size);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(wider <= 0, `${name}, ${size.width} pixels: ${wider} pixels stick out`);
    await accessible(page, `${name}, ${size.width} pixels`);
    await page.screenshot({ path: path.join(screens, `${name}-${size.width}.png`), fullPage: true });
  }
  await page.setViewportSize(WIDTHS.wide);
}

async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  for (const { id, help, nodes } of violations) finding(`${where}: axe ${id}: ${help}: ${nodes.map((node) => node.target).join(" | ")}`);
}

/** Ends the scenario. */
export async function done() {
  await browser.close();
  for (const text of findings) console.error(text);
  console.log(`${findings.length} findings`);
  process.exit(findings.length === 0 ? 0 : 1);
}
