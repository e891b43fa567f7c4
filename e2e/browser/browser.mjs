// Opens the browser that the first argument names, headless and with a fresh profile, which is deleted when the browser ends.
import puppeteer from 'puppeteer-core';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs = { chromium: 'chromium', firefox: 'firefox-esr' };
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-site-isolation-trials'];

/** No process for each origin, as for Chromium above: some pages have dozens of origins. */
const together = { 'fission.webContentIsolationStrategy': 0 };

/** The colour schemes of a page. Firefox has numbers for them, and one for its whole life. */
const lights = { dark: 0, light: 1 };

export async function open(name, light = 'light') {
  const firefox = name === 'firefox';
  const browser = await puppeteer.launch({
    browser: firefox ? 'firefox' : 'chrome',
    executablePath: found(programs[name]),
    headless: true,
    acceptInsecureCerts: true, // The tests make their certificates themselves.
    args: firefox ? [] : quiet,
    extraPrefsFirefox: { ...together, 'layout.css.prefers-color-scheme.content-override': lights[light] },
    handleSIGTERM: false,
  });
  process.once('SIGTERM', () => browser.close().finally(() => process.exit(0)));
  return browser;
}

function found(program) {
  for (const folder of process.env.PATH.split(delimiter)) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`${program} is not on PATH; e2e/prepare sees to it`);
}

/** A tab of a size, in a colour scheme. */
export async function tab(browser, name, [width, height, light]) {
  const page = await browser.newPage();
  await page.setViewport({ width, height });
  if (name !== 'firefox') await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: light }]);
  return page;
}

/** The elements that are wider than the page, once it has settled; empty if all fit. */
export async function tooWide(page) {
  const fits = () => document.documentElement.scrollWidth <= document.documentElement.clientWidth;
  try {
    // Charts need a frame or two after a change of size: only what stays too wide is a fault.
    await page.waitForFunction(fits, { timeout: 10000, polling: 'raf' });
    return [];
  } catch {
    return page.evaluate(() => [...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth)
      .map((e) => `${e.tagName} ${e.id || e.className}`));
  }
}

/** The brightness of the page's background, from 0 to 255. */
export const brightness = (page) => page.evaluate(() => {
  const grounds = [document.body, document.documentElement].map((e) => getComputedStyle(e).backgroundColor);
  const [r, g, b] = grounds.find((c) => c !== 'rgba(0, 0, 0, 0)').match(/\d+/g).map(Number);
  return (r + g + b) / 3;
});

/** The number of an element; the pages write thousands as "1,234". */
export const number = (page, selector) =>
  page.$eval(selector, (e) => Number(e.textContent.replaceAll(',', '')));

/** Waits until the number of an element is greater. */
export const grows = (page, selector, than, patient) =>
  page.waitForFunction((s, n) => Number(document.querySelector(s).textContent.replaceAll(',', '')) > n, patient, selector, than);

/** The elements with these ids that are not wholly on the screen. */
export const offScreen = (page, ids) => page.evaluate((all) => all.filter((id) => {
  const { top, bottom } = document.getElementById(id).getBoundingClientRect();
  return top < 0 || bottom > innerHeight;
}), ids);

/** Prints a line that the test waits for. */
export const say = (what) => console.log(JSON.stringify(what));
