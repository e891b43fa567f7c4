import assert from 'node:assert/strict';
import test from 'node:test';
import { compare } from '../src/sharing.js';

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
