import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { parser } from '../src/parser.js';

/** Returns the events of a text that comes in pieces, and the delays. */
function parsed(pieces, id = '') {
  const events = [], delays = [];
  const parse = parser(id, (event) => events.push(event), (delay) => delays.push(delay));
  pieces.forEach((piece) => parse(piece));
  return { events, delays };
}

const texts = {
  'one line': ['data: a\n\n', [['message', 'a', '', false]]],
  'many lines, with an empty one': ['data: a\ndata\ndata:b\n\n', [['message', 'a\n\nb', '', false]]],
  'CR': ['event: x\rid: 1\rdata: a\r\rdata: b\r\r', [['x', 'a', '1', true], ['message', 'b', '1', false]]],
  'CRLF': ['event: x\r\nid: 1\r\ndata: a\r\n\r\n', [['x', 'a', '1', true]]],
  'only the first space is removed': ['data:  a\n\n', [['message', ' a', '', false]]],
  'colons and line separators are data': ['data: a:b\u2028c\n\n', [['message', 'a:b\u2028c', '', false]]],
  'comments and unknown fields': [': c\nfoo: bar\nfoo\ndata: a\n\n', [['message', 'a', '', false]]],
  'empty data': ['data\n\n', [['message', '', '', false]]],
  'id without data moves the position': ['id: 7\n\ndata: a\n\n', [['', '', '7', true], ['message', 'a', '7', false]]],
  'id with NUL is ignored': ['id: 1\0\ndata: a\n\n', [['message', 'a', '', false]]],
  'empty id clears': ['id: 1\ndata: a\n\nid\ndata: b\n\n', [['message', 'a', '1', true], ['message', 'b', '', true]]],
  'event without data is none': ['event: x\n\ndata: a\n\n', [['message', 'a', '', false]]],
  'unfinished event is none': ['data: a\n\nid: 9\ndata: b\n', [['message', 'a', '', false]]],
};

for (const [name, [text, expected]] of Object.entries(texts)) {
  test(name, () => {
    for (const size of [1, 2, 3, text.length]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g'));
      assert.deepEqual(parsed(pieces).events, expected, `in pieces of ${size}`);
    }
  });
}

test('starts with the id that the client has', () => {
  assert.deepEqual(parsed(['data: a\n\n'], '5').events, [['message', 'a', '5', false]]);
});

test('retry is digits only', () => {
  assert.deepEqual(parsed(['retry: 30\nretry: 1x\nretry:\nretry: -1\nretry: 0\n\n']).delays, [30, 0]);
});

test('event without an end is refused', () => {
  const piece = 'data: ' + 'x'.repeat(1 << 20) + '\n';
  assert.throws(() => parsed(Array(40).fill(piece)));
});

/** The standard's steps over the whole text: the reference. */
function reference(text) {
  const events = [], delays = [], lines = text.replace(/\r\n?/g, '\n').split('\n').slice(0, -1);
  let id = '', own = null, type = '', data = null;
  for (const line of lines) {
    if (!line) {
      if (own != null) id = own;
      if (data != null) events.push([type || 'message', data, id, own != null]);
      else if (own != null) events.push(['', '', id, true]);
      own = data = null;
      type = '';
      continue;
    }
    const colon = line.indexOf(':'), name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name == 'data') data = data == null ? value : `${data}\n${value}`;
    if (name == 'event') type = value;
    if (name == 'id' && !value.includes('\0')) own = value;
    if (name == 'retry' && value && [...value].every((c) => c >= '0' && c <= '9')) delays.push(+value);
  }
  return { events, delays };
}

test('the seeds of the fuzzing, changed at random, are read as the standard says', () => {
  const folder = new URL('../../core/src/test/resources/fuzz/EventParser/', import.meta.url);
  const seeds = readdirSync(folder).map((name) => new TextDecoder().decode(readFileSync(new URL(name, folder)).subarray(1)));
  assert.ok(seeds.length > 3);
  const likely = ['\n', '\r', '\r\n', ':', ' ', 'data', 'id', 'event: ', 'retry: 5', '\0', '\u2028', '\n\n', 'é'];
  let state = +(process.env.MICRODOT_TEST_SEED ?? Date.now() % 1e6);
  const seed = state;
  const random = (below) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % below;
  for (let round = 0; round < 20000; round++) {
    let text = seeds[random(seeds.length)];
    for (let changes = random(6); changes > 0; changes--) {
      const from = random(text.length + 1);
      text = text.slice(0, from) + likely[random(likely.length)] + text.slice(from + random(4));
    }
    const pieces = [];
    for (let at = 0, to; at < text.length; at = to) pieces.push(text.slice(at, (to = at + 1 + random(12))));
    const repeat = `MICRODOT_TEST_SEED=${seed} ${JSON.stringify(text)}`;
    assert.deepEqual(parsed(pieces), reference(text), repeat);
    assert.deepEqual(parsed([text]), reference(text), repeat);
  }
});
