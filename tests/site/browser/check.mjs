// Looks at sites of kpic as people do, in Chromium, from disk.
//
//     node check.mjs TOOLS SITE...
//
// opens a page of each kind at three widths, on light and on dark: no error on the console, no request to anywhere but the page, nothing
// wider than the window, and nothing that axe-core objects to. Then the search and the tree are used by keyboard alone, and the front page has to
// answer what slips and who acts. TOOLS is the folder with what `make` has installed.

import { createRequire } from "node:module";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [tools, ...sites] = process.argv.slice(2);
const require = createRequire(join(resolve(tools), "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const program = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => path && existsSync(path),
);
if (!program) {
  console.log("no Chromium was found: install it, or say where it is by CHROMIUM");
  process.exit(1);
}
const WIDTHS = [1280, 768, 390];
const wrong = [];
const failed = new Set();
const looked = new Set();

const browser = await puppeteer.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"] });

/** Opens a page, and notes what it does that it must not. */
async function open(site, path, width, scheme) {
  const page = await browser.newPage();
  const what = `${path} of ${site} at ${width}, ${scheme}`;
  looked.add(what);
  const say = (why) => {
    failed.add(what);
    wrong.push(`${what}: ${why}`);
  };
  const own = pathToFileURL(join(site, path)).href;
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) say(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => say(`error: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url().split("#")[0];
    if (url !== own && !url.startsWith("data:")) say(`asks for ${url}`);
  });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width, height: 900 });
  await page.goto(own, { waitUntil: "load" });
  return { page, say };
}

/** What axe-core finds; it comes by the debugger, which no content policy binds. */
async function accessible({ page, say }) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const each of found.violations) {
    say(`axe ${each.id}: ${each.nodes.length} times, ${each.nodes[0].html.slice(0, 160)} (${each.nodes[0].failureSummary.replaceAll("\n", " ").slice(0, 200)})`);
  }
}

/** One page of each kind; of KPIs some, since they differ most. */
function kinds(site) {
  const root = readdirSync(site).filter((name) => name.endsWith(".html"));
  const inner = ["kpis", "objectives", "scorecards", "journeys", "teams"].flatMap((folder) => {
    const there = existsSync(join(site, folder)) ? readdirSync(join(site, folder)).sort() : [];
    const wanted = there.filter((name) => /retention|^revenue|^nps|^wau/.test(name)).slice(0, 6);
    return (folder === "kpis" && wanted.length ? wanted : there.slice(0, 1)).map((name) => `${folder}/${name}`);
  });
  return [...root, ...inner];
}

for (const site of sites.map((site) => resolve(site))) {
  for (const path of kinds(site)) {
    for (const [width, scheme] of [...WIDTHS.map((width) => [width, "light"]), [1280, "dark"]]) {
      const opened = await open(site, path, width, scheme);
      const { page, say } = opened;
      // What is folded is looked at as well.
      if (path !== "tree.html") await page.$$eval("details", (all) => all.forEach((each) => { each.open = true; }));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) say(`is ${over} pixels too wide`);
      if (width !== 768) await accessible(opened);
      if (process.env.KPIC_SHOTS) {
        mkdirSync(process.env.KPIC_SHOTS, { recursive: true });
        await page.screenshot({ path: join(process.env.KPIC_SHOTS, `${path.replace("/", "-")}-${width}-${scheme}.png`) });
      }
      await page.close();
    }
  }
  await keyboard(site);
}

/** The search and the tree without a mouse, and links into the tree. */
async function keyboard(site) {
  const { page, say } = await open(site, "tree.html", 1280, "light");
  const expect = (what, is) => { if (!is) say(what); };
  const active = (of) => page.evaluate(of);
  await page.keyboard.press("Tab");
  expect("the first stop is no link to the content", await active(() => document.activeElement.className === "skip"));
  await page.keyboard.press("/");
  expect("`/` does not reach the search", await active(() => document.activeElement.matches("[data-filter]")));
  const title = await page.evaluate(() => [...document.querySelectorAll("[id^='kpi-'] a")].map((link) => link.textContent.trim()).at(-1));
  await page.keyboard.type(title.toUpperCase());
  const shown = await page.$$eval(".node", (all) => all.filter((each) => each.checkVisibility()).map((each) => each.dataset.search));
  expect(`the search does not find ${title}`, shown.some((text) => text.startsWith(title)));
  expect("nothing says how many were found", /^\d+ found$/.test(await page.$eval("[role=status]", (each) => each.textContent)));
  await page.keyboard.press("Escape");
  expect("Escape does not end the search", (await page.$$(".gone")).length === 0);
  // On from the search to the first node, past the two buttons.
  for (let at = 0; at < 3; at += 1) await page.keyboard.press("Tab");
  expect("the tree is not reached by Tab", await active(() => document.activeElement.matches("#tree summary")));
  const before = await active(() => document.activeElement.parentElement.open);
  await page.keyboard.press("Enter");
  expect("Enter does not fold a node", before !== (await active(() => document.activeElement.parentElement.open)));
  const name = await page.$$eval("[id^='kpi-']", (all) => all.at(-1).id);
  await page.evaluate((name) => { location.hash = name; }, name);
  await new Promise((done) => setTimeout(done, 200));
  expect(`#${name} does not unfold the way to it`, await page.evaluate((name) => document.getElementById(name).checkVisibility(), name));
  await page.close();
  const front = await open(site, "index.html", 1280, "light");
  const text = await front.page.$eval("main", (main) => main.innerText);
  const has = await front.page.evaluate(() => document.querySelector("#slips") !== null);
  if (has && !/Who acts|No key result slips|guardrail/.test(text)) front.say("does not say what slips and who acts");
  const from = performance.now();
  await front.page.reload({ waitUntil: "load" });
  console.log(`${site}: the front page opens in ${Math.round(performance.now() - from)} ms`);
  await front.page.close();
}

await browser.close();
for (const line of new Set(wrong)) console.log(line);
console.log(`${looked.size - failed.size} passed, ${failed.size} failed`);
process.exit(failed.size ? 1 : 0);
