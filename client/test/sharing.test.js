import assert from 'node:assert/strict';
import test from 'node:test';
import { compare, share } from '../src/sharing.js';

test('ids of one epoch have an order', () => {
  assert.ok(compare('ABCDEFGHIJ-10', 'ABCDEFGHIJ-9') > 0);
  assert.ok(compare('ABCDEFGHIJ-9', 'ABCDEFGHIJ-10') < 0);
  assert.equal(compare('ABCDEFGHIJ-9s', 'ABCDEFGHIJ-9'), 0);
});

test('ids of two epochs have none, and are known to', () => {
  assert.ok(Number.isNaN(compare('ABCDEFGHIJ-1', 'KLMNOPQRST-1')));
});

test('ids of other servers have none', () => {
  for (const id of ['', '7', 'a-1', 'ABCDEFGHIJ-x']) assert.equal(compare(id, 'ABCDEFGHIJ-1'), undefined);
});

/** A tab that is not the first: the lock is taken, as the browser tells it later, and this channel is the tab that leads. */
function joining(pages, told = Promise.resolve()) {
  const got = [], said = [], name = `test ${Math.random()}`;
  let id = '';
  Object.defineProperty(globalThis, 'navigator', {
    configurable: true,
    value: { locks: { request: (_, { ifAvailable }, run) => ifAvailable ? told.then(() => run(null)) : new Promise(() => {}) } },
  });
  const leader = new BroadcastChannel(name);
  const asked = new Promise((resolve) => leader.onmessage = resolve);
  let served;
  const caughtUp = new Promise((resolve) => served = resolve);
  const tab = {
    at: () => id,
    dispatch: (items) => items.forEach((item) => { got.push(item[1]); id = item[2]; }),
    say: (type) => said.push(type), start: () => said.push('started'), stop: () => {},
    page: async () => {
      const page = await pages.shift();
      if (pages.length == 0) served();
      return page;
    },
  };
  const shared = share(name, tab);
  return { got, said, name, leader, asked, caughtUp, done: () => { shared.quit(); leader.close(); } };
}

const event = (n) => ['message', String(n), `ABCDEFGHIJ-${n}`, true];

test('tab that joins gets what it lacks from the server, then each event of the leader once', async () => {
  let answer;
  const { got, leader, asked, caughtUp, done } = joining([new Promise((resolve) => answer = resolve), { items: [] }]);
  await asked;
  leader.postMessage({ l: 1, at: 'ABCDEFGHIJ-2', s: ['open', {}] });
  leader.postMessage({ l: 1, e: [event(3), event(4)] });
  // Passed on to the tab before the server answers it.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  answer({ items: [event(1), event(2), event(3)], more: true });
  await caughtUp;
  leader.postMessage({ l: 1, e: [event(5)] });
  while (got.at(-1) != '5') await new Promise(setImmediate);
  assert.deepEqual(got, ['1', '2', '3', '4', '5']);
  done();
});

test('tab that does not know yet whether it leads takes no event of the leader', async () => {
  let tell;
  const { got, name, leader, asked, caughtUp, done } =
    joining([{ items: [event(1), event(2), event(3)], more: true }, { items: [] }], new Promise((resolve) => tell = resolve));
  const witness = new BroadcastChannel(name), passed = new Promise((resolve) => witness.onmessage = resolve);
  leader.postMessage({ l: 1, e: [event(3)] });
  await passed;
  await new Promise(setImmediate);
  witness.close();
  tell();
  await asked;
  await caughtUp;
  leader.postMessage({ l: 1, e: [event(4)] });
  while (got.at(-1) != '4') await new Promise(setImmediate);
  assert.deepEqual(got, ['1', '2', '3', '4']);
  done();
});

test('tab that joins learns the state, also if an event of the leader comes before its answer', async () => {
  const { said, got, leader, asked, caughtUp, done } = joining([{ items: [event(1)] }]);
  await asked;
  leader.postMessage({ l: 1, e: [event(2)] });
  leader.postMessage({ l: 1, at: 'ABCDEFGHIJ-2', s: ['open', {}] });
  // Another tab asks: the state is known already.
  leader.postMessage({ l: 1, at: 'ABCDEFGHIJ-2', s: ['open', {}] });
  await caughtUp;
  leader.postMessage({ l: 1, e: [event(3)] });
  while (got.at(-1) != '3') await new Promise(setImmediate);
  done();
  assert.deepEqual(said, ['open']);
});

test('follower drops what a new leader repeats', async () => {
  const { got, leader, asked, caughtUp, done } = joining([{ items: [event(1)] }]);
  await asked;
  await caughtUp;
  leader.postMessage({ l: 1, at: 'ABCDEFGHIJ-1', s: ['open', {}] });
  leader.postMessage({ l: 1, e: [event(2), event(3)] });
  while (got.at(-1) != '3') await new Promise(setImmediate);
  // The next one was behind when it took the lock.
  leader.postMessage({ l: 2, at: 'ABCDEFGHIJ-1', s: ['open', {}] });
  leader.postMessage({ l: 2, e: [event(2), event(3), event(4)] });
  while (got.at(-1) != '4') await new Promise(setImmediate);
  assert.deepEqual(got, ['1', '2', '3', '4']);
  done();
});

test('tab that joins has its own connection if the stream has no JSON form', async () => {
  const { said, got, leader, asked, caughtUp, done } = joining([null]);
  await asked;
  await caughtUp;
  await new Promise(setImmediate);
  leader.postMessage({ l: 1, e: [event(1)] });
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.deepEqual([said, got], [['started'], []]);
  done();
});
