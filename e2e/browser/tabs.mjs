// tabs.mjs BROWSER: opens and closes pages that use microdot.js as the test says, line by line, and prints what they get:
//   connect PAGE URL PATH OPTIONS    a page at URL that connects to PATH with OPTIONS, in JSON; each event and state is printed
//   table PAGE URL PATH              a page at URL with a table; its rows are printed after each change
//   leave PAGE, back PAGE            leaves the page in its tab, and loads it again, which connects as before
//   crash PAGE                       ends its process
//   freeze PAGE, thaw PAGE           as a browser does with tabs that nobody looks at
//   hang PAGE, unhang PAGE           stops its code in the middle
//   close PAGE
import { createInterface } from 'node:readline';
import { open, say } from './browser.mjs';

const browser = await open(process.argv[2]);
const pages = new Map();

async function connect(path, options) {
  const { connect } = await import('/microdot.js');
  const on = {};
  for (const kind of ['message', 'snapshot', 'gap', 'checkpoint', 'heartbeat', 'put', 'remove']) {
    on[kind] = (e) => printed({ event: kind, id: e.lastEventId, data: e.data.slice(0, 300) });
  }
  for (const kind of ['open', 'reconnecting', 'ended']) {
    on[kind] = (e) => printed({ event: kind, id: '', data: String(e.status ?? '') });
  }
  window.connection = connect(path, { ...options, on });
}

async function table(path) {
  const { table } = await import('/microdot.js');
  const rows = table(path, {
    on: { change: (all) => printed({ event: 'rows', id: '', data: JSON.stringify(Object.fromEntries(all)) }) },
  });
  window.connection = rows;
}

async function opened(name, url, run, ...words) {
  const page = await browser.newPage();
  await page.exposeFunction('printed', (what) => say({ page: name, ...what }));
  const again = () => page.evaluate(run, ...words);
  pages.set(name, { page, url, again });
  await page.goto(url);
  await again();
}

const devtools = async (name, method, parameters) => {
  const session = await pages.get(name).page.createCDPSession();
  return session.send(method, parameters);
};

const commands = {
  connect: (name, url, path, options) => opened(name, url, connect, path, JSON.parse(options ?? '{}')),
  table: (name, url, path) => opened(name, url, table, path),
  async leave(name) {
    await pages.get(name).page.goto('about:blank');
    say({ page: name, event: 'left', id: '', data: '' });
  },
  async back(name) {
    const { page, url, again } = pages.get(name);
    await page.goto(url);
    await again();
  },
  async crash(name) {
    const { page } = pages.get(name);
    const crashed = new Promise((resolve) => page.once('error', resolve));
    // Has no answer: who would give it has crashed.
    devtools(name, 'Page.crash').catch(() => {});
    await crashed;
    say({ page: name, event: 'crashed', id: '', data: '' });
  },
  async freeze(name) {
    await devtools(name, 'Page.setWebLifecycleState', { state: 'frozen' });
    say({ page: name, event: 'frozen', id: '', data: '' });
  },
  async hang(name) {
    const debug = await pages.get(name).page.createCDPSession();
    pages.get(name).debug = debug;
    await debug.send('Debugger.enable');
    const paused = new Promise((resolve) => debug.once('Debugger.paused', resolve));
    await debug.send('Debugger.pause');
    await paused;
    say({ page: name, event: 'hangs', id: '', data: '' });
  },
  unhang: (name) => pages.get(name).debug.send('Debugger.resume'),
  thaw: (name) => devtools(name, 'Page.setWebLifecycleState', { state: 'active' }),
  async close(name) {
    await pages.get(name).page.close();
    say({ page: name, event: 'closed', id: '', data: '' });
  },
};

say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...words] = line.split(' ');
  await commands[command](...words);
}
