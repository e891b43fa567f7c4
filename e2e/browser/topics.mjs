// topics.mjs BROWSER: opens and closes pages as the test says, line by line, and prints what happens to their EventSources:
//   open PAGE URL PATH               a page at URL whose EventSource reads PATH; each event and change of state is printed
//   many PAGE URL FRAMES EACH PATH   a page at URL with FRAMES of the same from 127.0.0.2, 127.0.0.3, ..., which are asked, by their
//                                    queries, for EACH EventSources: a browser has six connections to an origin, and no more;
//                                    prints their outcome when all have opened
//   outcome PAGE DATA                waits until each of the many has received DATA or has given up, and prints what they received
//   close PAGE
import { createInterface } from 'node:readline';
import { open, say } from './browser.mjs';

const browser = await open(process.argv[2]);
const pages = new Map();

async function opened(name, url) {
  const page = await browser.newPage();
  pages.set(name, page);
  await page.goto(url);
  return page;
}

function follow(path) {
  const source = new EventSource(path);
  for (const kind of ['message', 'snapshot', 'gap']) {
    source.addEventListener(kind, (e) => printed({ event: kind, id: e.lastEventId, data: e.data.slice(0, 300) }));
  }
  for (const kind of ['open', 'error']) {
    source.addEventListener(kind, () => printed({ event: kind, id: '', data: String(source.readyState) }));
  }
}

/**
 * Frames, each of an origin of its own, whose pages follow by themselves and tell of every change; their streams are of their own
 * origin, too: to another, Firefox does not come again when it is refused.
 */
function frames(count, query) {
  const told = new Map();
  window.many = () => [...told.values()].flat();
  addEventListener('message', (e) => told.set(e.source, e.data));
  for (let i = 0; i < count; i++) {
    const element = document.createElement('iframe');
    element.src = `http://127.0.0.${2 + i}:${location.port}/?${query}`;
    document.body.append(element);
  }
}

const haveOpened = (count) => window.many().filter((one) => one.opens > 0).length === count;

const haveGot = (data) => window.many().every((one) => one.state === EventSource.CLOSED || one.got.includes(data));

/** Waits until the condition holds, then prints what each has received; states are the numbers of EventSource. */
async function outcome(name, isSo, given) {
  const page = pages.get(name);
  await page.waitForFunction(isSo, { timeout: 0, polling: 100 }, given);
  const all = await page.evaluate(() => window.many());
  const opens = all.reduce((sum, one) => sum + one.opens, 0);
  const each = all.map(({ state, got }) => `in state ${state} with ${got.join(' ')}`);
  say({ page: name, event: 'outcome', id: String(opens), data: counted(each) });
}

/** Counts equal values. */
const counted = (texts) => [...new Set(texts)].map((text) => `${texts.filter((t) => t === text).length} ${text}`).join('\n');

const commands = {
  async open(name, url, path) {
    const page = await opened(name, url);
    await page.exposeFunction('printed', (what) => say({ page: name, ...what }));
    await page.evaluate(follow, path);
  },
  async many(name, url, count, each, path) {
    const page = await opened(name, url);
    await page.evaluate(frames, Number(count), String(new URLSearchParams({ each, path })));
    await outcome(name, haveOpened, count * each);
  },
  outcome: (name, data) => outcome(name, haveGot, data),
  async close(name) {
    await pages.get(name).close();
    say({ page: name, event: 'closed', id: '', data: '' });
  },
};

say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...words] = line.split(' ');
  await commands[command](...words);
}
