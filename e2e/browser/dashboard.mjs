// dashboard.mjs BROWSER URL FOLDER: checks that the dashboard fits and moves, on a desktop and on a phone, in light and dark.
// Prints the faults that it found; pictures go to the folder.
import { brightness, open, say, tab, tooWide } from './browser.mjs';

const [name, url, folder] = process.argv.slice(2);
const problems = [];
// Shorter than the test waits for this script, so that the script can report what is wrong.
const patient = { timeout: 20000, polling: 200 };

/** Samples arrive, and the pixels of the chart change. */
async function moves(page) {
  const [received, pixels] = await page.evaluate(() => [Number(document.querySelector('#received').textContent), document.querySelector('#cpu canvas').toDataURL()]);
  await page.waitForFunction((n) => Number(document.querySelector('#received').textContent) > n + 3, patient, received);
  await page.waitForFunction((p) => document.querySelector('#cpu canvas').toDataURL() !== p, patient, pixels);
}

/** A box is drawn in a yellow that is not in the scene. */
function boxed() {
  const view = document.querySelector('#view');
  const pixels = view.getContext('2d').getImageData(0, 0, view.width, view.height).data;
  let yellow = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i] === 255 && pixels[i + 1] === 210 && pixels[i + 2] === 63) yellow++;
  }
  return yellow > 50;
}

async function look(browser, shape) {
  const [width, , light] = shape;
  const page = await tab(browser, name, shape);
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('#state').textContent === 'Connected' && document.querySelector('#cpu canvas'), patient);
  await moves(page);
  await page.waitForFunction(boxed, patient).catch(() => problems.push('no boxes over the picture'));
  await page.waitForFunction(() => document.querySelector('#detections li:not(.none)'), patient);
  for (const element of await tooWide(page)) problems.push(`at ${width}: too wide: ${element}`);
  const bright = await brightness(page) > 127;
  if (bright !== (light === 'light')) problems.push(`${light} is ${bright ? 'bright' : 'dark'}`);
  await page.screenshot({ path: `${folder}/dashboard-${name}-${width}-${light}.png` });
  await page.screenshot({ path: `${folder}/dashboard-${name}-${width}-${light}-whole.png`, fullPage: true });
  await page.close();
}

for (const light of ['light', 'dark']) {
  const browser = await open(name, light);
  try {
    await look(browser, [1280, 900, light]);
    await look(browser, [390, 844, light]);
  } catch (e) {
    problems.push(String(e));
  }
  await browser.close();
}
say({ problems });
process.exit(0);
