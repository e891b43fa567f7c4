// ai.mjs API TOKEN CHAT [TEXT]: sends the text with the npm package ai, or without a text resumes what the chat streams.
// Prints each state of the answer as a line of JSON, and last the end. Resumes as useChat does after a disconnect.
// LONG in the text stands for 300,000 characters.
import { AbstractChat, DefaultChatTransport } from 'ai';

const [api, token, id, text] = process.argv.slice(2);

const textOf = (message) => message?.parts.map((part) => part.text ?? '').join('') ?? '';
const print = (line) => console.log(JSON.stringify(line));

/** What the packages for React, Vue and Svelte do with their own state. */
class Chat extends AbstractChat {
  constructor(init) {
    const messages = [];
    const shown = (message) => print({ role: message.role, text: textOf(message) });
    super({
      ...init,
      state: {
        status: 'ready',
        error: undefined,
        messages,
        pushMessage: (message) => { messages.push(message); shown(message); },
        popMessage: () => messages.pop(),
        replaceMessage: (index, message) => { messages[index] = message; shown(message); },
        snapshot: structuredClone,
      },
    });
  }
}

let reason;
const chat = new Chat({
  id,
  transport: new DefaultChatTransport({ api, headers: { cookie: `token=${token}` } }),
  onFinish: ({ finishReason }) => { reason = finishReason; },
});

if (text === undefined) await chat.resumeStream();
else await chat.sendMessage({ text: text.replace('LONG', 'x'.repeat(300_000)) });
let cuts = 0;
while (chat.status === 'error' && chat.error instanceof TypeError && cuts < 100) { // Of fetch: the connection was cut.
  cuts++;
  await chat.resumeStream();
}
print({
  end: chat.status, error: chat.error?.message ?? '', reason: reason ?? '', cuts,
  answers: chat.messages.filter((message) => message.role === 'assistant').map(textOf),
});
