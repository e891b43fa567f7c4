// Reads a stream with the npm package eventsource-client, and prints each event as a line of JSON until the one named "end".
import { createEventSource } from 'eventsource-client';

const source = createEventSource({
  url: process.argv[2],
  onMessage: ({ event, id, data }) => {
    console.log(JSON.stringify({ event: event ?? 'message', id: id ?? '', data }));
    if (event === 'end') source.close();
  },
  onDisconnect: () => console.log(JSON.stringify({ error: 0, state: source.readyState })),
});
