// eight.mjs BROWSER URL: opens the dashboard in eight tabs, and prints the faults that it found.
import { grows, number, open, say, tab } from './browser.mjs';

const [name, url] = process.argv.slice(2);
const problems = [];
let step = 'opening the tabs';
// Hidden tabs draw every few seconds only.
const patient = { timeout: 30000, polling: 200 };

const connected = () => document.querySelector('#state').textContent === 'Connected';
const shows = (page, selector, text) =>
  page.waitForFunction((s, t) => document.querySelector(s).textContent === t, patient, selector, text);

const browser = await open(name);
try {
  const tabs = [];
  for (let i = 0; i < 8; i++) {
    const page = await tab(browser, name, [1280, 900, 'light']);
    page.on('pageerror', (e) => problems.push(String(e)));
    await page.goto(url);
    await page.waitForFunction(connected, patient);
    tabs.push(page);
  }
  step = 'the eighth tab';
  // The eighth tab is live, and all of them have one connection.
  const eighth = tabs.at(-1);
  await grows(eighth, '#received', (await number(eighth, '#received')) + 5, patient);
  await shows(eighth, '#connections', '1');
  step = 'the tab that leads is closed';
  // The tab that has the connection is closed: another one takes it over.
  await tabs.shift().close();
  await eighth.bringToFront();
  await grows(eighth, '#received', (await number(eighth, '#received')) + 5, patient);
  await shows(eighth, '#connections', '1');
  if (await number(eighth, '#lost') !== 0) problems.push('events were lost');
} catch (e) {
  problems.push(`${step}: ${e}`);
}
await browser.close();
say({ problems });
process.exit(0);
