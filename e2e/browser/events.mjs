// events.mjs BROWSER: opens and closes pages as the test says, line by line:
//   open URL PATH   a page at URL whose EventSource reads PATH; the protocol and each event are printed as a line
//   close           closes the page that was opened last
import { createInterface } from 'node:readline';
import { open, say } from './browser.mjs';

const browser = await open(process.argv[2]);
const pages = [];

function read(path) {
  printed('protocol ' + performance.getEntriesByType('navigation')[0].nextHopProtocol);
  const source = new EventSource(path);
  for (const kind of ['message', 'reading', 'end']) {
    source.addEventListener(kind, (e) => printed(JSON.stringify({ event: kind, id: e.lastEventId, data: e.data })));
  }
  source.onopen = () => printed('open');
  source.onerror = () => printed('error ' + source.readyState);
}

const commands = {
  async open(url, path) {
    const page = await browser.newPage();
    pages.push(page);
    await page.exposeFunction('printed', (line) => console.log(line));
    await page.goto(url);
    await page.evaluate(read, path);
  },
  async close() {
    await pages.pop().close();
    say('closed');
  },
};

say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...words] = line.split(' ');
  await commands[command](...words);
}
