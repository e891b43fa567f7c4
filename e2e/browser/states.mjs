// states.mjs BROWSER URL: prints each state that the dashboard shows, drops its connection once, and tells when charts move.
import { open, tab } from './browser.mjs';

const [name, url] = process.argv.slice(2);
const browser = await open(name);
const page = await tab(browser, name, [1280, 900, 'light']);
const patient = { timeout: 0, polling: 200 };

await page.exposeFunction('printed', (line) => console.log(line));
await page.goto(url);
await page.evaluate(() => {
  const text = (id) => document.getElementById(id).textContent;
  const state = () => printed(`${text('state')}: ${text('detail')}`);
  new MutationObserver(state).observe(document.getElementById('link'), { attributeFilter: ['data-state'] });
  state();
});
await page.waitForFunction(() => document.querySelector('#state').textContent === 'Connected' && Number(document.querySelector('#received').textContent) > 3, patient);
await page.click('#drop');
await page.waitForFunction(() => document.querySelector('#reconnects').textContent === '1', patient);
console.log('missed ' + await page.evaluate(() => document.querySelector('#missed').textContent));

await page.waitForFunction(() => document.querySelector('#reconnects').textContent === '2', patient);
const [received, pixels] = await page.evaluate(() => [Number(document.querySelector('#received').textContent), document.querySelector('#cpu canvas').toDataURL()]);
await page.waitForFunction((n) => Number(document.querySelector('#received').textContent) > n + 3, patient, received);
await page.waitForFunction((p) => document.querySelector('#cpu canvas').toDataURL() !== p, patient, pixels);
console.log('moving');
