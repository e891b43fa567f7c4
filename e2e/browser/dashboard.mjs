// dashboard.mjs BROWSER URL FOLDER: looks whether the dashboard lives, at two sizes and in both lights; pictures go to the folder.
import { open, say } from './browser.mjs';

const [name, url, folder] = process.argv.slice(2);
const browser = await open(name);
const page = await browser.newPage();
const problems = [];
page.on('pageerror', (e) => problems.push(String(e)));
const until = (what) => page.waitForFunction(what, { timeout: 60000, polling: 200 });
const pixels = () => page.evaluate(() => document.querySelector('#cpu canvas').toDataURL());
try {
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  await until(() => document.querySelector('#link').dataset.state === 'open' && document.querySelector('#cpu canvas'));
  const before = await pixels();
  const received = await page.evaluate(() => Number(document.querySelector('#received').textContent));
  await page.waitForFunction((n) => Number(document.querySelector('#received').textContent) > n + 5, { timeout: 60000, polling: 200 }, received);
  if (before === await pixels()) problems.push('the chart does not move');
  await until(() => document.querySelector('#detections li:not(.none)'));
  for (const [width, height, light] of [[1280, 900, 'light'], [1280, 900, 'dark'], [390, 844, 'light'], [390, 844, 'dark']]) {
    await page.setViewport({ width, height });
    if (name !== 'firefox') await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: light }]);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (wide) problems.push(`scrolls sideways at ${width}`);
    await page.screenshot({ path: `${folder}/${name}-${width}-${light}.png` });
  }
  await page.click('#drop');
  await until(() => document.querySelector('#link').dataset.state === 'reconnecting');
  await until(() => ['resumed', 'open'].includes(document.querySelector('#link').dataset.state) && Number(document.querySelector('#reconnects').textContent) >= 1);
  const missed = await page.evaluate(() => document.querySelector('#missed').textContent);
  if (missed !== '0') problems.push('missed ' + missed);
} catch (e) {
  problems.push(String(e));
}
say({ problems });
await browser.close();
