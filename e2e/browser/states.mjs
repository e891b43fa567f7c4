// states.mjs BROWSER URL FOLDER: prints each state that the dashboard shows, drops its connection once, and reports when charts
// move. Pictures of new states go to the folder.
import { open, tab, tooWide } from './browser.mjs';

const [name, url, folder] = process.argv.slice(2);
const browser = await open(name);
const page = await tab(browser, name, [1280, 900, 'light']);
const patient = { timeout: 0, polling: 200 };

// The lines of the page arrive separately: other output waits for them, so that the order is right.
const said = [];
await page.exposeFunction('printed', (line) => {
  console.log(line);
  said.forEach((check) => check(line));
});
const says = (start) => new Promise((resolve) => said.push((line) => line.startsWith(start) && resolve()));
const comesMore = async () => {
  const before = await page.evaluate(() => Number(document.querySelector('#received').textContent));
  await page.waitForFunction((n) => Number(document.querySelector('#received').textContent) > n + 3, patient, before);
};

const wide = [];
/** While the new state is shown, on a desktop and on a phone. */
async function look(state) {
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    await page.setViewport({ width, height });
    for (const element of await tooWide(page)) wide.push(`at ${width}: too wide: ${element}`);
    await page.screenshot({ path: `${folder}/${state}-${name}-${width}.png` });
  }
  await page.setViewport({ width: 1280, height: 900 });
}

const connected = says('Connected');
await page.goto(url);
await page.evaluate(() => {
  const text = (id) => document.getElementById(id).textContent;
  const state = () => printed(`${text('state')}: ${text('detail')}`);
  new MutationObserver(state).observe(document.getElementById('link'), { attributeFilter: ['data-state'] });
  state();
});
await connected;
await comesMore();
const resumed = says('Resumed: ');
await page.click('#drop');
await resumed;
await look('resumed');
await comesMore();
console.log('missed ' + await page.evaluate(() => document.querySelector('#missed').textContent));

await says('Resumed, with a gap: ');
await look('gap');
const pixels = await page.evaluate(() => document.querySelector('#cpu canvas').toDataURL());
await comesMore();
await page.waitForFunction((p) => document.querySelector('#cpu canvas').toDataURL() !== p, patient, pixels);
console.log(['moving', ...wide].join(', '));
