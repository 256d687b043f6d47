// What must hold for any page, whatever is on it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { check } from "./support.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const widths = { 360: 740, 1280: 800 };
const everything = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const colours = { type: "rule", values: ["color-contrast"] };
/** In these everything is checked, in the other schemes and widths the colours, which takes half the time. */
const whole = ["light 360", "dark 1280"];

/** Checks a page that is open, and takes pictures of it. */
export async function examine(page, { id, lang, pictures }) {
  check((await page.getAttribute("html", "lang")) === lang, `says its language`);
  const weight = await page.evaluate(weigh);
  check(weight < 30_000, `weighs ${weight} bytes`);
  await page.evaluate(axe);
  const picture = (kind) => page.screenshot({ path: join(pictures, `${id}-${kind}.png`), fullPage: true });
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of Object.entries(widths)) {
      await page.setViewportSize({ width: Number(width), height });
      await page.emulateMedia({ colorScheme });
      const rules = whole.includes(`${colorScheme} ${width}`) ? everything : colours;
      const faults = await page.evaluate(accessible, rules);
      check(faults.length === 0, `axe finds nothing, ${colorScheme} at ${width} px${faults.join("")}`);
      if (lang === "en") await picture(`${colorScheme}-${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  // A window of 640 px enlarged to 200 % has as many.
  await page.setViewportSize({ width: 320, height: 640 });
  const wide = await page.evaluate(tooWide);
  check(wide.length === 0, `does not scroll sideways at 320 px ${wide.join(" ")}`);
  const small = await page.evaluate(tooSmall);
  check(small.length === 0, `what is pressed is large enough ${small.join(" ")}`);
  if (lang === "de") await picture("de-320");
  await page.setViewportSize({ width: 640, height: 800 });
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  const wider = await page.evaluate(tooWide);
  check(wider.length === 0, `does not scroll sideways with letters twice as large ${wider.join(" ")}`);
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
}

// The functions below run in the page.

async function accessible(rules) {
  const { violations } = await window.axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `\n  ${id}: ${help}: ${nodes.map((node) => node.html).join("\n    ")}`);
}

/** HTML, stylesheets and scripts, unpacked. */
async function weigh() {
  const entries = performance.getEntriesByType("resource").filter(({ name }) => /\.(css|js)$/.test(name));
  const [page] = performance.getEntriesByType("navigation");
  return [page, ...entries].reduce((sum, entry) => sum + entry.decodedBodySize, 0);
}

function tooWide() {
  if (document.scrollingElement.scrollWidth <= window.innerWidth) return [];
  const over = [...document.body.querySelectorAll("*")].filter(
    (element) => element.getBoundingClientRect().right > window.innerWidth + 0.5,
  );
  return over.map((element) => `${element.localName}#${element.id}.${element.className}`).slice(-3);
}

/** Fields and buttons are 44 px high, a finger's width; links within a sentence need not be. */
function tooSmall() {
  const pressed = "button, .button, input:not([type=hidden], [type=checkbox], [readonly]), label.tick, nav a, summary";
  return [...document.querySelectorAll(pressed)]
    .filter((element) => element.getBoundingClientRect().height < 43.9)
    .map((element) => `${element.localName}#${element.id} ${element.getBoundingClientRect().height}`);
}
