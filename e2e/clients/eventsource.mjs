// Reads a stream with the npm package eventsource, and prints each event as a line of JSON, until the one named "end" or
// until the client has stopped for good.
import { EventSource } from 'eventsource';

const [url, ...names] = process.argv.slice(2);
const source = new EventSource(url);

// While this client waits to reconnect, it does not keep the process alive.
const awake = setInterval(() => {}, 60000);

for (const name of ['message', ...names]) {
  source.addEventListener(name, (e) => {
    console.log(JSON.stringify({ event: name, id: e.lastEventId, data: e.data }));
    if (name === 'end') {
      source.close();
      clearInterval(awake);
    }
  });
}
source.addEventListener('error', (e) => {
  console.log(JSON.stringify({ error: e.code ?? 0, state: source.readyState }));
  if (source.readyState === EventSource.CLOSED) clearInterval(awake);
});
