// states.mjs BROWSER URL FOLDER: prints each state that the dashboard shows, disconnects it once, and reports when charts
// move. Pictures of new states go to the folder.
import { grows, number, open, tab, tooWide } from './browser.mjs';

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
const comesMore = async () => grows(page, '#received', (await number(page, '#received')) + 3, patient);

// While the server is away, the console has what the browser itself prints for a failed fetch, and few of these.
const printed = [];
page.on('console', (m) => printed.push(m.text()));

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
await page.click('#pause');
await resumed;
await look('resumed');
await comesMore();
console.log('lost ' + await number(page, '#lost'));

const gap = says('Resumed, with a gap: ');
await says('Reconnecting');
printed.length = 0;
await look('away');
await gap;
const own = printed.filter((line) => !line.startsWith('Failed to load resource'));
console.log(`printed by the page: ${own.join(', ') || 'nothing'}; by the browser: ${printed.length > 15 ? printed.length : 'few'}`);
await look('gap');
const pixels = await page.evaluate(() => document.querySelector('#cpu canvas').toDataURL());
await comesMore();
await page.waitForFunction((p) => document.querySelector('#cpu canvas').toDataURL() !== p, patient, pixels);
console.log(['moving', ...wide].join(', '));
