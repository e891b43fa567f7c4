// run.mjs BROWSER URL FOLDER: starts a run, reloads in the middle, opens it on a phone too, and stops it there; then lets one end
// by itself. Prints the faults that it found; pictures go to the folder.
import { brightness, grows, number, offScreen, open, say, tab, tooWide } from './browser.mjs';

const [name, url, folder] = process.argv.slice(2);
const problems = [];
const patient = { timeout: 40000, polling: 200 };

const shows = (page, state) => page.waitForFunction((s) => document.querySelector('#state').textContent === s, patient, state);
const text = (page) => page.evaluate(() => ['early', 'live'].map((id) => document.getElementById(id).textContent).join(''));
/** The run's stream is answered with 204: the page has all of it, and stops. */
const over = (page) => page.waitForResponse((r) => r.url().includes('/runs/') && r.request().method() === 'GET' && r.status() === 204, { timeout: 40000 });

async function visit(browser, shape, at) {
  const page = await tab(browser, name, shape);
  page.on('pageerror', (e) => problems.push(String(e)));
  page.on('console', (m) => m.type() === 'error' && problems.push(m.text()));
  await page.goto(at);
  return page;
}

async function look(page, [width, , light], what) {
  await page.bringToFront();
  for (const element of await tooWide(page)) problems.push(`at ${width}: too wide: ${element}`);
  for (const id of await offScreen(page, ['link', 'progress'])) problems.push(`at ${width}: not on the first screen: ${id}`);
  if ((await brightness(page) > 127) !== (light === 'light')) problems.push(`${light} is not ${light}`);
  await page.screenshot({ path: `${folder}/run-${name}-${width}-${light}-${what}.png` });
}

async function follow(browser, light) {
  const desktop = [1280, 900, light];
  const phone = [390, 844, light];
  const first = await visit(browser, desktop, `${url}/`);
  // From the first page of the demo to the second one.
  await Promise.all([first.waitForNavigation(), first.click('nav a[href="run"]')]);
  await shows(first, 'No run');
  await first.click('#start');
  await grows(first, '#seen', 4, patient);
  await first.reload();
  await grows(first, '#before', 4, patient);
  await grows(first, '#seen', 2, patient);
  await look(first, desktop, 'reloaded');
  const second = await visit(browser, phone, first.url());
  await grows(second, '#before', 6, patient);
  await grows(second, '#seen', 2, patient);
  const ended = [over(first), over(second)];
  await second.click('#stop');
  await Promise.all([shows(first, 'Stopped'), shows(second, 'Stopped'), ...ended]);
  if (await text(first) !== await text(second)) problems.push(`${await text(first)} and ${await text(second)}`);
  await look(second, phone, 'stopped');
  await second.close();
  return first;
}

/** Everything that a page needs which is opened after the end. */
async function finish(browser, page) {
  await page.bringToFront();
  await page.click('#start');
  await shows(page, 'Finished');
  const late = await visit(browser, [390, 844, 'light'], page.url());
  const ended = over(late);
  await shows(late, 'Finished');
  await ended;
  if (await text(late) !== await text(page)) problems.push(`${await text(late)} is not all`);
  if (await number(late, '#seen') !== 0) problems.push('words of a run that has ended are live');
  await look(late, [390, 844, 'light'], 'finished');
}

/** The page of a run that is not there says so where the text would be. Its request is answered with 404, which the browser logs. */
async function unknown(browser) {
  const page = await tab(browser, name, [390, 844, 'light']);
  await page.goto(`${url}/run#nope`);
  await shows(page, 'No such run');
  if (!(await page.$eval('#hint', (hint) => hint.textContent)).startsWith('There is no run')) problems.push('nothing in place of the text of an unknown run');
  await page.screenshot({ path: `${folder}/run-${name}-390-light-unknown.png` });
  await page.close();
}

for (const light of ['light', 'dark']) {
  const browser = await open(name, light);
  try {
    const page = await follow(browser, light);
    if (light === 'light') await finish(browser, page);
    if (light === 'light') await unknown(browser);
  } catch (e) {
    problems.push(String(e));
  }
  await browser.close();
}
say({ problems });
process.exit(0);
