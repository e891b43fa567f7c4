// ten.mjs BROWSER: opens pages as the test says, line by line, and prints what happens on them in its order:
//   open URL PATH COUNT   a page at URL with COUNT EventSources that read PATH. Prints "protocol P" and, for the EventSource N,
//                         "open N" and "N DATA"
//   fetch PATH            the page reads PATH with fetch(); prints "fetched TEXT"
//   shut N                closes the EventSource N; prints "shut N"
//   close                 closes the page; prints "closed"
import { createInterface } from 'node:readline';
import { open } from './browser.mjs';

const browser = await open(process.argv[2]);
let page;

function follow(path, count) {
  printed('protocol ' + performance.getEntriesByType('navigation')[0].nextHopProtocol);
  window.sources = Array.from({ length: count }, (_, n) => {
    const source = new EventSource(path);
    source.onopen = () => printed('open ' + n);
    source.onmessage = (e) => printed(n + ' ' + e.data);
    source.onerror = () => printed('error ' + n);
    return source;
  });
}

const commands = {
  async open(url, path, count) {
    page = await browser.newPage();
    await page.exposeFunction('printed', (line) => console.log(line));
    await page.goto(url);
    await page.evaluate(follow, path, Number(count));
  },
  fetch: (path) => page.evaluate((from) => {
    fetch(from).then((response) => response.text()).then((text) => printed('fetched ' + text));
  }, path),
  shut: (n) => page.evaluate((number) => {
    window.sources[number].close();
    return printed('shut ' + number);
  }, Number(n)),
  async close() {
    await page.close();
    console.log('closed');
  },
};

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...words] = line.split(' ');
  await commands[command](...words);
}
