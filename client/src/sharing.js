import { backoff } from './source.js';

// One connection for all tabs of a browser that want the same. The tab that has the lock has the connection and leads.

/** An id of Microdot: epoch and position. Ids of other servers have no order that a client knows. */
const ID = /^(\w{10})-(\d+)s?$/;

/** Returns how far a is after b; NaN for ids of two epochs, undefined for ids without an order. */
export function compare(a, b) {
  const x = ID.exec(a), y = ID.exec(b);
  return x && y ? (x[1] == y[1] ? x[2] - y[2] : NaN) : undefined;
}

/**
 * Shares the connection among the tabs that call this with the same name.
 *
 * @param tab {at, dispatch, say, page, start, stop}: this tab's last id, what takes events and states, and its connection
 * @return {quit, emit, say}: for the connection, which passes on what it gets
 */
export function share(name, tab) {
  const me = Math.random(), channel = new BroadcastChannel(name), gone = new AbortController();
  let leader, told, release, timer, state, turn = 0; // told: the leader whose state this tab has said.
  // Events of the leader while this tab does not know yet which of them it has; null when it takes all. They may come
  // before the browser tells that the lock is taken.
  let held = [], ready = false;

  const post = message => gone.signal.aborted || channel.postMessage(message);
  const claim = () => post({ l: me, at: tab.at(), s: state });

  function lead() {
    if (gone.signal.aborted) return;
    turn++;
    held = null;
    leader = me;
    clearTimeout(timer);
    claim();
    tab.start();
    return new Promise(resolve => release = resolve);
  }

  /** Another tab took the lock, because this one was frozen. */
  function lost() {
    if (gone.signal.aborted || leader != me) return;
    tab.stop();
    leader = release = null;
    join();
  }

  function join() {
    navigator.locks.request(name, { signal: gone.signal }, lead).catch(lost);
    doubt();
    catchUp();
  }

  /** Calls after the time, or half of it more, so that not all tabs act together. */
  function after(time, action) {
    clearTimeout(timer);
    timer = setTimeout(action, time * (1 + Math.random() / 2));
  }

  /** Asks the leader. Takes the lock if there is no answer: its tab may be frozen, and its timers with it. */
  function doubt() {
    post({ hi: 1 });
    after(3e3, () => navigator.locks.request(name, { steal: true }, lead).catch(lost));
  }

  /** Fetches what this tab does not have, in the JSON form, while it holds what the leader sends. */
  async function catchUp() {
    const own = ++turn;
    held = [];
    ready = false;
    for (let failures = 0, more = true; more;) {
      const page = await tab.page(0).catch(e => e);
      if (own != turn) return;
      if (page?.items) {
        more = page.more;
        tab.dispatch(page.items);
      } else if (page && !page.ended) {
        await new Promise(resolve => setTimeout(resolve, backoff(failures++)));
      } else {
        // Without the JSON form it cannot get what the others have already: it has its own connection.
        return quit(), tab.start();
      }
    }
    ready = true;
    settle();
  }

  /** Drops the held events that this tab has, and takes the others from the first new one on. */
  function settle() {
    let group = []; // Events without an id belong to the next one that has one.
    for (let i = 0; i < held.length; i++) {
      const [, , id, own] = held[i], ahead = compare(id, tab.at());
      group.push(held[i]);
      if (ahead !== ahead) return void catchUp(); // NaN: the server has restarted in between.
      if (ahead == null || (own ? ahead > 0 : ahead == 0 && group.length == 1)) {
        const rest = [...group, ...held.slice(i + 1)];
        held = null;
        return tab.dispatch(rest);
      }
      if (own) group = [];
    }
    held = group;
  }

  /** Another tab leads from now on, from its own id. */
  function follow(next, at) {
    const known = leader;
    leader = next;
    if (known == null || held) return;
    const ahead = compare(at, tab.at());
    if (ahead < 0) {
      held = [];
      ready = true;
    } else if (ahead > 0 || ahead !== ahead) {
      catchUp();
    }
  }

  channel.onmessage = ({ data: message }) => {
    if (message.hi) return leader == me && claim();
    if (leader == me) return; // A lock that was taken says so itself.
    if (message.at != null && leader != message.l) follow(message.l, message.at);
    if (leader != message.l && leader != null) return;
    leader = message.l;
    after(1e4, doubt);
    if (message.e) {
      if (!held) tab.dispatch(message.e);
      else if (held.push(...message.e), ready) settle();
      else if (held.length > 1e4) catchUp();
    }
    // A tab that does not have all yet asks the server itself once it has the lock, and gets the same answer.
    if (message.s && (message.at == null || told != leader) && !(held && message.s[0] == 'ended')) {
      told = leader;
      tab.say(...message.s);
    }
  };

  function quit() {
    turn++;
    clearTimeout(timer);
    gone.abort();
    channel.close();
    release?.();
    leader = null;
  }

  navigator.locks.request(name, { ifAvailable: true }, lock => lock ? lead() : join()).catch(lost);

  return {
    quit,
    emit(items) {
      post({ l: me, e: items });
    },
    say(type, fields) {
      state = [type, fields];
      post({ l: me, s: state });
    },
  };
}
