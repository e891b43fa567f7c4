// dashboard.mjs BROWSER URL FOLDER: checks that the dashboard fits, is full and moves, on a desktop and on a phone, in light and dark.
// Prints the faults that it found; pictures go to the folder.
import { brightness, grows, number, offScreen, open, say, tab, tooWide } from './browser.mjs';

const [name, url, folder] = process.argv.slice(2);
const problems = [];
// Shorter than the test waits for this script, so that the script can report what is wrong.
const patient = { timeout: 20000, polling: 200 };

/** Events arrive, and the pixels of the chart change. */
async function moves(page) {
  const received = await number(page, '#received');
  const pixels = await page.evaluate(() => document.querySelector('#cpu canvas').toDataURL());
  await grows(page, '#received', received + 3, patient);
  await page.waitForFunction((p) => document.querySelector('#cpu canvas').toDataURL() !== p, patient, pixels);
}

/** The line of the chart covers most of its width: what the server keeps fills it, also soon after the server's start. */
function full() {
  const canvas = document.querySelector('#memory canvas');
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const [r, g, b] = getComputedStyle(document.documentElement).getPropertyValue('--a').trim().match(/[0-9a-f]{2}/g).map((h) => parseInt(h, 16));
  const isLine = (i) => Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 40 && data[i + 3] > 200;
  let columns = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (isLine(4 * (y * width + x))) {
        columns++;
        break;
      }
    }
  }
  return columns > 0.5 * width;
}

/** On a phone the camera and the state of the connection are on the first screen, and the state stays in sight. */
async function firstScreen(page) {
  for (const id of await offScreen(page, ['link', 'view'])) problems.push(`not on the first screen: ${id}`);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  for (const id of await offScreen(page, ['link'])) problems.push(`scrolled away: ${id}`);
  await page.evaluate(() => scrollTo(0, 0));
  const [state, card] = await page.evaluate(edges);
  if (state !== card) problems.push(`the state is at ${state}, and the cards at ${card}`);
}

/** The edges of the card with the state, and those of the card below it. */
function edges() {
  return ['#link', '.card.camera'].map((card) => document.querySelector(card).getBoundingClientRect()).map(({ left, right }) => `${left} to ${right}`);
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
  page.on('console', (m) => m.type() === 'error' && problems.push(m.text()));
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('#state').textContent === 'Connected' && document.querySelector('#cpu canvas'), patient);
  await page.waitForFunction(full, patient).catch(() => problems.push('a chart is not full'));
  await moves(page);
  await page.waitForFunction(boxed, patient).catch(() => problems.push('no boxes over the picture'));
  await page.waitForFunction(() => document.querySelector('#detections li:not(.none)'), patient);
  for (const element of await tooWide(page)) problems.push(`at ${width}: too wide: ${element}`);
  if (width < 500) await firstScreen(page);
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
