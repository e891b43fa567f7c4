// One connection to the server: the stream, its reconnects, and the JSON form where streams do not come through.
import { parser } from './parser.js';

const STREAM = 'text/event-stream', JSON_FORM = 'application/json';

/** Seconds that the server may wait for an event in the JSON form, and the events of one answer. */
const WAIT = 25, LIMIT = 100;

/** Returns the milliseconds to wait after so many failures: random, so that clients do not all reconnect at once. */
export const backoff = failures => Math.random() * Math.min(3e4, 1e3 * 2 ** failures);

/**
 * Makes a connection that is not started.
 *
 * @param at returns the last event id; '' for none
 * @param emit gets the events of each piece, see parser
 * @param say gets the state ('open', 'reconnecting', 'ended') and its fields
 */
export function source(url, { fetch: init = {}, timeout = 1e4 }, at, emit, say) {
  let interval = 0; // Of heartbeats, in milliseconds; 0 if the server sends none.
  let failures = 0, silent = 0, polling, changed, opened, retry, run = 0, control, received, wait;

  const patience = () => interval * 2.5;

  async function ask(accept, query, signal) {
    const address = new URL(url);
    for (const name in query) address.searchParams.set(name, query[name]);
    const headers = { ...init.headers, Accept: accept };
    // The standard sends the id in UTF-8, and a header takes a character for each byte.
    if (accept == STREAM && at()) headers['Last-Event-ID'] = unescape(encodeURIComponent(at()));
    const response = await fetch(address, { ...init, headers, signal, cache: 'no-store' });
    const { status } = response, after = response.headers.get('Retry-After');
    if (status == 200) return response;
    throw {
      status,
      ended: status == 204 || status >= 400 && status < 500 && ![408, 425, 429].includes(status),
      after: after * 1e3 || Date.parse(after) - Date.now() || 0,
    };
  }

  const isOf = (response, type) => response.headers.get('Content-Type')?.startsWith(type);

  /** Returns a page of the JSON form, {items, more, closed}; null if the server does not have it. */
  async function page(wait, signals = []) {
    const query = { wait, limit: LIMIT };
    if (at()) query.after = at();
    const signal = AbortSignal.any([...signals, AbortSignal.timeout(wait * 1e3 + timeout)]);
    const response = await ask(JSON_FORM, query, signal);
    if (!isOf(response, JSON_FORM)) return response.body.cancel(), null;
    const { events, next, gap, closed } = await response.json();
    let id = at();
    const items = gap == null ? [] : [['gap', typeof gap == 'string' ? gap : JSON.stringify(gap), id, false]];
    for (const e of events) items.push([e.event || 'message', e.data, id = e.id ?? id, e.id != null]);
    if (next) items.push(['', '', next, true]);
    const more = items[1]; // What there is ends before a gap; only an empty page is the last.
    return { items, more, closed: closed && !more };
  }

  async function stream(signal) {
    let timer, pieces = 0;
    const watch = time => {
      clearTimeout(timer);
      timer = time && setTimeout(silence, time);
    };
    const silence = async () => {
      const got = pieces || await page(0, [signal]).catch(e => e.ended ? null : 0);
      // A server without the JSON form promised no heartbeat: it may have nothing to say.
      if (got === null) return;
      if (got) silent++;
      control.abort();
    };
    watch(timeout);
    try {
      const response = await ask(STREAM, { heartbeat: 'event' }, signal);
      if (!isOf(response, STREAM)) throw response;
      let items;
      const parse = parser(at(), item => {
        failures = 0;
        const every = item[0] == 'heartbeat' && !item[3] && +item[1];
        if (every > 0 && every < 36e5) interval = Math.max(every, 400);
        else items.push(item);
      }, delay => retry = delay);
      say('open', { status: 200 });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
        if (pieces++) silent = 0;
        received = Date.now();
        items = [];
        parse(value);
        if (items.length) emit(items);
        watch(patience());
      }
      if (!pieces) silent++;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks once in the JSON form. Returns whether to ask again at once. */
  async function poll(signal) {
    const begun = Date.now();
    const got = await page(WAIT, [signal]);
    if (!got) return polling = silent = 0;
    if (!opened) say('open', { status: 200 });
    opened = true;
    failures = 0;
    emit(got.items);
    if (got.closed) throw { status: 204, ended: true };
    if (Date.now() - changed > 12 * timeout) {
      polling = opened = false;
      silent = 2; // One more without success leads back here.
    }
    return got.more || Date.now() - begun > 1e3;
  }

  /** Waits. A browser that is back may go on at once, unless the server chose the time. */
  const pause = (time, chosen) => new Promise(resolve => {
    const timer = setTimeout(resolve, time);
    wait = anyway => {
      if (chosen && !anyway) return;
      clearTimeout(timer);
      resolve();
    };
  });

  async function start() {
    const own = ++run;
    while (own == run) {
      let error = {};
      control = new AbortController();
      try {
        if (polling ? await poll(control.signal) : await stream(control.signal)) continue;
      } catch (e) {
        error = e;
      } finally {
        control.abort();
      }
      if (own != run) return;
      if (error.ended) return say('ended', { status: error.status });
      if (!polling && silent > 2) {
        polling = true;
        changed = Date.now();
        continue;
      }
      const chosen = error.after || retry;
      const delay = chosen ?? backoff(failures++);
      retry = null;
      opened = false;
      say('reconnecting', { delay, status: error.status });
      if (own == run) await pause(delay, chosen);
    }
  }

  return {
    start, page,
    stop() {
      run++;
      control?.abort();
      wait?.(true);
    },
    /** The browser is back: ends a wait, and a stream that was silent for too long. */
    wake() {
      wait?.();
      if (interval && Date.now() - received > patience()) control?.abort();
    },
  };
}
