import { source } from './source.js';
import { share } from './sharing.js';

/** Follows an event stream; all tabs with the same URL and key share one connection if the stream has the JSON form. See microdot.d.ts. */
export function connect(url, options = {}) {
  const { key = '', on = {}, keep } = options;
  const address = new URL(url, document.baseURI).href;
  const name = 'microdot1' + JSON.stringify([key, address]);
  let id = options.lastEventId ?? '', closed, shared, idle = true;

  const stored = (method, ...values) => {
    try {
      return sessionStorage[method](name, ...values);
    } catch {
      // The browser does not let this page store anything.
    }
  };
  if (keep) id = id || stored('getItem') || '';

  const call = event => {
    try {
      if (!closed) on[event.type]?.(event);
    } catch (e) {
      reportError(e); // A handler that fails must not cost the other events.
    }
  };

  const dispatch = items => {
    for (const [type, data, lastEventId] of items) {
      if (closed) return;
      id = lastEventId;
      if (type) call({ type, data, lastEventId });
    }
    if (keep) stored('setItem', id);
  };

  const say = (type, fields) => {
    call({ type, ...fields });
    if (type == 'ended') close();
  };

  const connection = source(address, options, () => id, items => {
    shared?.emit(items);
    dispatch(items);
  }, (type, fields) => {
    shared?.say(type, fields);
    say(type, fields);
  });

  const tab = { ...connection, at: () => id, dispatch, say };
  const begin = () => {
    if (!idle) return;
    idle = false;
    if (navigator.locks && self.BroadcastChannel) shared = share(name, tab);
    else connection.start();
  };
  const pause = () => {
    idle = true;
    connection.stop();
    shared?.quit();
  };
  const close = () => {
    closed = true;
    gone.abort();
    pause();
  };

  // A page that the browser puts aside leaves the connection to others, and goes on from its id when it is shown again.
  const changed = ({ type, persisted }) => {
    if (type == 'freeze' || type == 'pagehide') pause();
    else if (type == 'resume' || persisted) begin();
    else connection.wake();
  };
  const gone = new AbortController(), listener = { capture: true, signal: gone.signal };
  for (const type of ['online', 'visibilitychange', 'pagehide', 'pageshow', 'freeze', 'resume']) {
    addEventListener(type, changed, listener);
  }
  begin();
  return { close, get lastEventId() { return id; } };
}

/** Follows a table: a Map of its rows, which the stream keeps up to date. See microdot.d.ts. */
export function table(url, options = {}) {
  const { on = {} } = options, rows = new Map();

  const handler = (type, apply) => event => {
    apply(JSON.parse(event.data));
    on[type]?.(event);
    on.change?.(rows);
  };

  const { close } = connect(url, {
    ...options,
    keep: false, // After a reload there are no rows that an id could stand for.
    lastEventId: '',
    on: {
      ...on,
      snapshot: handler('snapshot', change => {
        if (change.part == 1) rows.clear();
        for (const key in change.rows) rows.set(key, change.rows[key]);
      }),
      put: handler('put', change => rows.set(change.key, change.value)),
      remove: handler('remove', change => rows.delete(change.key)),
    },
  });
  return Object.assign(rows, { close });
}
