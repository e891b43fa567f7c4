// events.mjs BROWSER URL: a page's EventSource, each event printed as a line, until the process is ended.
import { open, say } from './browser.mjs';

const [name, url] = process.argv.slice(2);
const browser = await open(name);
process.on('SIGTERM', () => browser.close().then(() => process.exit(0)));
const page = await browser.newPage();
page.on('console', (message) => console.log(message.text()));
await page.goto(url);
await page.evaluate(() => {
  const source = new EventSource('/events');
  for (const kind of ['message', 'reading', 'end']) {
    source.addEventListener(kind, (e) => {
      console.log(JSON.stringify({ event: kind, id: e.lastEventId, data: e.data }));
      if (kind === 'end') source.close();
    });
  }
  source.onopen = () => console.log('open');
  source.onerror = () => console.log('error ' + source.readyState);
});
say('watching');
