// The one event stream of the page, and its record: what was received, what came late, what is lost. All tabs of the browser
// share its connection.
import { connect } from "./microdot.js";

const RATE_SECONDS = 5;

/** How long "Resumed" and "gap" are shown before "Connected". */
const NEWS_MILLIS = 8000;

/** An event is late if it took this much longer than the fastest one: then it waited for the page to reconnect. */
const LATE_MILLIS = 1500;

/** What came while the page was away comes at once. After this time at the latest, all of it is here. */
const SETTLE_MILLIS = 10000;

/** What a new page gets first would falsify the rate. */
const START_MILLIS = 2000;

export class Stream extends EventTarget {
  figures = { received: 0, late: 0, lost: 0, unknown: false, reconnects: 0 };
  /** When the next try is, in the time of performance.now(). */
  nextTry = 0;
  #url;
  #names;
  #connection;
  #away = null;
  #opened = null;
  #late = 0;
  #gaps = [];
  #least = Infinity;
  #arrivals = [];
  #timer = 0;

  /** Dispatches each event with one of the names, and "state" and "raw". */
  constructor(url, names) {
    super();
    this.#url = url;
    this.#names = names;
    this.#connect("");
  }

  #connect(lastEventId) {
    const on = {
      open: () => this.#open(),
      reconnecting: ({ delay, status }) => this.#leave("reconnecting", { delay, status }),
      ended: ({ status }) => this.#leave("ended", { status }),
    };
    for (const name of this.#names) {
      on[name] = (event) => this.#receive(event);
    }
    this.#connection = connect(this.#url, { on, lastEventId });
  }

  /** Disconnects for some seconds. Then the page resumes after its last id, as after a bad network. */
  pause(seconds) {
    const id = this.#connection.lastEventId;
    this.#connection.close();
    this.#leave("paused", { delay: seconds * 1000 });
    setTimeout(() => this.#connect(id), seconds * 1000);
  }

  /** Live events a second, measured over the last seconds; null while there are no such seconds yet. */
  rate() {
    if (this.#isStarting()) {
      return null;
    }
    const from = performance.now() - RATE_SECONDS * 1000;
    while (this.#arrivals.length > 0 && this.#arrivals[0] < from) {
      this.#arrivals.shift();
    }
    return this.#arrivals.length / RATE_SECONDS;
  }

  #leave(state, news) {
    if (this.#away === null) {
      this.#away = performance.now();
      this.#late = 0;
      this.#gaps = [];
    }
    this.nextTry = performance.now() + (news.delay ?? 0);
    this.#enter(state, news);
  }

  #isStarting() {
    return this.#opened === null || performance.now() < this.#opened + START_MILLIS;
  }

  /** Also called in a tab when another one takes over the connection. */
  #open() {
    if (this.#opened === null) {
      this.#opened = performance.now();
      this.#away = null; // Before its first connection it missed nothing.
      this.#enter("open");
    } else if (this.#away !== null) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#settle(), SETTLE_MILLIS);
    }
  }

  #receive({ type, data: text, lastEventId }) {
    this.dispatchEvent(new CustomEvent("raw", { detail: { name: type, id: lastEventId, data: text } }));
    if (type === "checkpoint") {
      return; // It moves the position, and has no data.
    }
    const data = JSON.parse(text);
    const late = this.#count(type, data);
    this.dispatchEvent(new CustomEvent(type, { detail: { data, late } }));
  }

  /** Returns whether the event is one that the page has missed and gets now. */
  #count(type, data) {
    const now = performance.now();
    this.figures.received++;
    if (type === "gap") {
      this.#lose(data);
      return false;
    }
    const delay = Date.now() - (data.time ?? NaN);
    const late = delay > this.#least + LATE_MILLIS;
    this.#least = Math.min(this.#least, Number.isNaN(delay) ? Infinity : delay);
    const starting = this.#isStarting();
    if (this.#away !== null && (late || data.time === undefined)) {
      this.#late++;
      this.figures.late++;
    } else if (this.#away !== null) {
      this.#settle();
    } else if (!starting) {
      this.#arrivals.push(now);
    }
    return late && !starting;
  }

  /** A table has no lost rows: after a gap the page gets all of them. */
  #lose(gap) {
    if (gap.reason === "restarted") {
      this.#least = Infinity; // The new server may have another clock.
    }
    if (gap.topic === "readings") {
      return;
    }
    this.figures.lost += gap.missed ?? 0;
    this.figures.unknown ||= gap.missed === null;
    this.#gaps.push(gap);
    if (this.#away === null) {
      this.#tell("behind");
    }
  }

  /** The page has everything that was published while it was away. */
  #settle() {
    this.figures.reconnects++;
    const seconds = (performance.now() - this.#away) / 1000;
    this.#away = null;
    this.#tell(this.#gaps.length > 0 ? "gap" : "resumed", { seconds, late: this.#late });
  }

  #tell(state, news) {
    this.#enter(state, { ...news, gaps: this.#gaps });
    this.#timer = setTimeout(() => {
      this.#gaps = [];
      this.#enter("open");
    }, NEWS_MILLIS);
  }

  #enter(state, news = {}) {
    clearTimeout(this.#timer);
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...news } }));
  }
}
