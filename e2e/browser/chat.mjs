// chat.mjs BROWSER URL FOLDER: two people chat, one on a desktop and one on a phone, in light and dark.
import { brightness, open, say, tab, tooWide } from './browser.mjs';

const [name, url, folder] = process.argv.slice(2);
const problems = [];
// Shorter than the test waits for this script, so that the script can report what is wrong.
const patient = { timeout: 20000, polling: 200 };

async function enter(page, room, who, all = who) {
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto(`${url}/rooms/${room}`);
  await page.waitForFunction(() => document.querySelector('#state').textContent === 'connected', patient);
  await page.evaluate((n) => {
    const name = document.querySelector('form').elements.name;
    name.value = n;
    name.dispatchEvent(new Event('change'));
  }, who);
  await here(page, all);
}

/** The names of the people in the room. */
const here = (page, names) => page.waitForFunction((n) => document.querySelector('#here').textContent === n, patient, names);


async function tell(page, text) {
  await page.type('input[name=text]', text);
  await page.keyboard.press('Enter');
}

const hears = (page, text) => page.waitForFunction((t) => [...document.querySelectorAll('li')].some((li) => li.textContent.includes(t)), patient, text);

async function chat(browser, light) {
  const ann = await tab(browser, name, [1280, 900, light]);
  await enter(ann, light, 'Ann');
  const bob = await tab(browser, name, [390, 844, light]);
  await enter(bob, light, 'Bob', 'Ann, Bob');
  await tell(bob, 'Is the kettle on? ' + 'W'.repeat(60));
  await hears(ann, 'kettle');
  await ann.bringToFront();
  await tell(ann, '<b>Yes</b> & 🐈');
  await bob.bringToFront();
  await hears(bob, 'Ann<b>Yes</b> & 🐈');
  await here(ann, 'Ann, Bob');
  // More people in the room than its header has space for.
  const crowd = 'C'.repeat(60);
  await ann.evaluate((n) => { window.crowd = new EventSource(`${location.pathname}/events?name=${n}`); }, crowd);
  await here(bob, `Ann, Bob, ${crowd}`);
  for (const [page, width] of [[bob, 390], [ann, 1280]]) {
    await page.bringToFront();
    for (const element of await tooWide(page)) problems.push(`at ${width}: too wide: ${element}`);
    if ((await brightness(page) > 127) !== (light === 'light')) problems.push(`${light} is not ${light}`);
    await page.screenshot({ path: `${folder}/chat-${name}-${width}-${light}.png` });
  }
  await ann.evaluate(() => window.crowd.close());
  await bob.close();
  await here(ann, 'Ann');
}

for (const light of ['light', 'dark']) {
  const browser = await open(name, light);
  try {
    await chat(browser, light);
  } catch (e) {
    problems.push(String(e));
  }
  await browser.close();
}
say({ problems });
process.exit(0);
