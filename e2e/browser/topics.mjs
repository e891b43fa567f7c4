// topics.mjs BROWSER: opens and closes pages as the test says, line by line, and prints what happens to their EventSources:
//   open PAGE URL PATH               a page at URL whose EventSource reads PATH; each event and change of state is printed
//   many PAGE URL FRAMES EACH PATH   a page at URL with FRAMES of the same from 127.0.0.2, 127.0.0.3, ..., and in each of them
//                                    EACH EventSources: a browser has six connections to an origin, and no more
//   outcome PAGE DATA                waits until each of the many has got DATA or has given up, and prints what they got
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

/** Each of an origin of its own, and its streams of the same: to another, Firefox does not come again when it is refused. */
const frame = (count) => Promise.all(Array.from({ length: count }, (_, i) => new Promise((loaded) => {
  const element = document.createElement('iframe');
  element.onload = loaded;
  element.src = `http://127.0.0.${2 + i}:${location.port}/`;
  document.body.append(element);
})));

function followMany(count, path) {
  window.many = Array.from({ length: count }, () => {
    const source = new EventSource(path);
    const one = { source, opens: 0, got: [] };
    source.onopen = () => one.opens++;
    source.onmessage = (e) => one.got.push(e.data);
    source.addEventListener('gap', (e) => one.got.push(`gap ${e.data}`));
    return one;
  });
}

const haveGot = (data) => window.many.every((one) => one.source.readyState === EventSource.CLOSED || one.got.includes(data));

/** What each got, the states being the EventSource's own numbers. */
const outcomes = () => window.many.map(({ source, opens, got }) => ({ opens, what: `in state ${source.readyState} with ${got.join(' ')}` }));

async function outcome(frame, data) {
  await frame.waitForFunction(haveGot, { timeout: 0, polling: 100 }, data);
  return frame.evaluate(outcomes);
}

/** How often there is each. */
const counted = (texts) => [...new Set(texts)].map((text) => `${texts.filter((t) => t === text).length} ${text}`).join('\n');

const commands = {
  async open(name, url, path) {
    const page = await opened(name, url);
    await page.exposeFunction('printed', (what) => say({ page: name, ...what }));
    await page.evaluate(follow, path);
  },
  async many(name, url, frames, each, path) {
    const page = await opened(name, url);
    await page.evaluate(frame, Number(frames));
    await Promise.all(page.mainFrame().childFrames().map((child) => child.evaluate(followMany, Number(each), path)));
  },
  async outcome(name, data) {
    const frames = pages.get(name).mainFrame().childFrames();
    const all = (await Promise.all(frames.map((child) => outcome(child, data)))).flat();
    const opens = all.reduce((sum, one) => sum + one.opens, 0);
    say({ page: name, event: 'outcome', id: String(opens), data: counted(all.map((one) => one.what)) });
  },
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
