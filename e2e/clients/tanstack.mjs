// tanstack.mjs API TOKEN STORE [TEXT]: sends the text with the npm package @tanstack/ai-client, or without a text rejoins
// the run that the store names. The file STORE is what localStorage is in a browser: it outlives the page, and tabs share it.
// Prints each state of the answer as a line of JSON, and last the end. LONG in the text stands for 300,000 characters.
import { ChatClient, fetchServerSentEvents } from '@tanstack/ai-client';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const [api, token, store, text] = process.argv.slice(2);

const textOf = (message) => message.parts.map((part) => part.content ?? '').join('');
const print = (line) => console.log(JSON.stringify(line));
const answersOf = (messages) => messages.filter((message) => message.role === 'assistant').map(textOf);

let requests = 0;
let finished = 0;
const client = new ChatClient({
  threadId: 'thread-1',
  connection: fetchServerSentEvents(api, {
    headers: { cookie: `token=${token}` },
    reconnect: { delayMs: 10 },
    fetchClient: (...request) => { requests++; return fetch(...request); },
  }),
  persistence: {
    getItem: () => (existsSync(store) ? JSON.parse(readFileSync(store, 'utf8')) : null),
    setItem: (_, state) => { // Others read it: never half of it.
      writeFileSync(`${store}.${process.pid}`, JSON.stringify(state));
      renameSync(`${store}.${process.pid}`, store);
    },
    removeItem: () => rmSync(store, { force: true }),
  },
  onMessagesChange: (messages) => print({ answers: answersOf(messages) }),
  onFinish: () => { finished++; },
});
client.attach();

if (text !== undefined) {
  await client.sendMessage(text.replace('LONG', 'x'.repeat(300_000)));
}
while (client.getIsLoading()) await new Promise((then) => setTimeout(then, 10));
print({
  end: client.getStatus(), error: client.getError()?.message ?? '', requests, finished,
  answers: answersOf(client.getMessages()),
});
client.dispose();
