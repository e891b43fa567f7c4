import assert from 'node:assert/strict';
import test from 'node:test';
import { backoff, source } from '../src/source.js';

const stream = (text) => new Response(text, { headers: { 'Content-Type': 'text/event-stream' } });

/** Runs a connection against these responses, and returns what it said, got and asked once it has ended. */
function run(...responses) {
  const said = [], got = [], asked = [];
  let id = '';
  globalThis.fetch = async (url, { headers }) => {
    asked.push({ url: String(url), headers });
    const next = responses.shift();
    if (!next) throw new TypeError('no network');
    return next;
  };
  return new Promise((resolve) => {
    const connection = source('http://server.test/events?a=b', {}, () => id, (items) => {
      got.push(...items);
      id = got.at(-1)[2];
    }, (type, fields) => {
      said.push({ type, ...fields });
      // A delay of the test's server is short; the rest would be waited for.
      if (type == 'ended' || responses.length == 0) {
        connection.stop();
        resolve({ said, got, asked });
      }
    });
    connection.start();
  });
}

test('resumes after the delay that the server chose, with the last id', async () => {
  const { said, got, asked } = await run(stream('retry: 3\n\nid: ü\ndata: a\n\n'), new Response(null, { status: 204 }));
  assert.deepEqual(got, [['message', 'a', 'ü', true]]);
  assert.deepEqual(said, [
    { type: 'open', status: 200 }, { type: 'reconnecting', delay: 3, status: undefined }, { type: 'ended', status: 204 },
  ]);
  assert.equal(asked[0].headers['Last-Event-ID'], undefined);
  assert.equal(asked[0].url, 'http://server.test/events?a=b&heartbeat=event');
  // In UTF-8, a character for each byte.
  assert.equal(asked[1].headers['Last-Event-ID'], '\u00c3\u00bc');
});

for (const status of [400, 401, 403, 404]) {
  test(`stops at ${status} and reports it`, async () => {
    const { said } = await run(new Response('', { status }), stream('data: never\n\n'));
    assert.deepEqual(said, [{ type: 'ended', status }]);
  });
}

for (const status of [408, 429, 500, 502, 503]) {
  test(`goes on after ${status}, and honours Retry-After`, async () => {
    const headers = { 'Retry-After': '0.005' };
    const { said } = await run(new Response('', { status, headers }), new Response(null, { status: 204 }));
    assert.deepEqual(said, [{ type: 'reconnecting', delay: 5, status }, { type: 'ended', status: 204 }]);
  });
}

test('Retry-After may be a date', async () => {
  const headers = { 'Retry-After': new Date(Date.now() + 3600e3).toUTCString() };
  const { said } = await run(new Response('', { status: 503, headers }));
  assert.ok(said[0].delay > 3500e3 && said[0].delay <= 3600e3, `${said[0].delay}`);
});

test('page of another kind is no stream', async () => {
  const page = new Response('<p>log in', { headers: { 'Content-Type': 'text/html' } });
  const { said, got } = await run(page);
  assert.deepEqual(got, []);
  assert.equal(said[0].type, 'reconnecting');
});

test('heartbeats are not events of the page', async () => {
  const own = await run(stream('retry: 1\nevent: heartbeat\ndata: 1000\n\ndata: a\n\n'), new Response(null, { status: 204 }));
  assert.deepEqual(own.got, [['message', 'a', '', false]]);
});

test('delays are random, grow with the failures, and are at most 30 s', () => {
  for (let failures = 0; failures < 40; failures++) {
    const most = Math.min(30000, 1000 * 2 ** failures);
    for (let i = 0; i < 50; i++) assert.ok(backoff(failures) >= 0 && backoff(failures) < most);
  }
});
