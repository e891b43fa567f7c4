// topics.mjs BROWSER: opens and closes pages as the test says, line by line, and prints what happens to their EventSources:
//   open PAGE URL PATH               a page at URL whose EventSource reads PATH; each event and change of state is printed
//   many PAGE URL COUNT EACH PATH    a page at URL with COUNT EventSources, EACH of them to one of 127.0.0.2, 127.0.0.3, ...:
//                                    a browser has six connections to an origin, and no more
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

function followMany(count, each, path) {
  window.many = Array.from({ length: count }, (_, i) => {
    const source = new EventSource(`http://127.0.0.${2 + Math.floor(i / each)}:${location.port}${path}`);
    const one = { source, opens: 0, got: [] };
    source.onopen = () => one.opens++;
    source.onmessage = (e) => one.got.push(e.data);
    source.addEventListener('gap', (e) => one.got.push(`gap ${e.data}`));
    return one;
  });
}

const haveGot = (data) => window.many.every((one) => one.source.readyState === EventSource.CLOSED || one.got.includes(data));

/** How often each thing was got, the states being the EventSource's own numbers. */
function outcome() {
  const counts = {};
  for (const one of window.many) {
    const what = `in state ${one.source.readyState} with ${one.got.join(' ')}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  const opens = window.many.reduce((sum, one) => sum + one.opens, 0);
  return { opens, all: Object.entries(counts).map(([what, count]) => `${count} ${what}`).join('\n') };
}

const commands = {
  async open(name, url, path) {
    const page = await opened(name, url);
    await page.exposeFunction('printed', (what) => say({ page: name, ...what }));
    await page.evaluate(follow, path);
  },
  async many(name, url, count, each, path) {
    const page = await opened(name, url);
    await page.evaluate(followMany, Number(count), Number(each), path);
  },
  async outcome(name, data) {
    const page = pages.get(name);
    await page.waitForFunction(haveGot, { timeout: 0, polling: 100 }, data);
    const { opens, all } = await page.evaluate(outcome);
    say({ page: name, event: 'outcome', id: String(opens), data: all });
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
