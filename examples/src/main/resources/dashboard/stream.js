// The one event stream of the page, and its record: what was received, what was replayed, what is missing.

const NAMES = ["hello", "sample", "detection", "gap"];
const RATE_SECONDS = 5;

/** How long "Resumed" and "gap" are shown before "Connected". */
const NEWS_MILLIS = 8000;

/** The browser reconnects automatically, except after an error status such as a proxy's 502. Then the page reconnects, with growing delays. */
const LEAST_PAUSE_MILLIS = 1000;
const MOST_PAUSE_MILLIS = 30000;

export class Stream extends EventTarget {
  state = "connecting";
  figures = { received: 0, replayed: 0, missed: 0, unknown: false, reconnects: 0 };
  hello = null;
  #url;
  #source;
  #last = "";
  #newest = null;
  #told = 0;
  #catchingUp = true;
  #replayed = 0;
  #gaps = [];
  #droppedAt = 0;
  #pause = LEAST_PAUSE_MILLIS;
  #arrivals = [];
  #newsTimer = 0;

  constructor(url) {
    super();
    this.#url = url;
    this.#open();
  }

  /** A new EventSource has no last id, so the address carries it. */
  #open() {
    const from = this.#last ? `?last-event-id=${encodeURIComponent(this.#last)}` : "";
    this.#source = new EventSource(this.#url + from);
    this.#source.addEventListener("error", () => this.#failed());
    for (const name of NAMES) {
      this.#source.addEventListener(name, (event) => this.#receive(name, event));
    }
  }

  /** Live events a second, measured over the last seconds; replayed events would falsify it. */
  rate() {
    const from = performance.now() - RATE_SECONDS * 1000;
    while (this.#arrivals.length > 0 && this.#arrivals[0] < from) {
      this.#arrivals.shift();
    }
    return this.#arrivals.length / RATE_SECONDS;
  }

  #failed() {
    const away = this.state === "reconnecting" || this.state === "closed";
    this.#droppedAt = away ? this.#droppedAt : performance.now();
    if (this.#source.readyState === EventSource.CLOSED) {
      this.#comeAgain();
    } else if (this.hello && this.state !== "reconnecting") {
      this.#enter("reconnecting");
    }
  }

  /** At a random moment within the pause, so that the pages of a server do not reconnect at once. */
  #comeAgain() {
    const millis = this.#pause * (0.5 + Math.random() / 2);
    this.#pause = Math.min(2 * this.#pause, MOST_PAUSE_MILLIS);
    this.#enter("closed", { seconds: millis / 1000 });
    setTimeout(() => this.#open(), millis);
  }

  #receive(name, event) {
    const data = JSON.parse(event.data);
    const own = name !== "hello" && event.lastEventId !== this.#last;
    this.#raw(name, own ? event.lastEventId : "", event.data);
    if (name === "hello") {
      this.#greeted(data);
    } else if (name === "gap") {
      this.#missed(data);
    } else {
      this.#count(place(event.lastEventId));
    }
    this.dispatchEvent(new CustomEvent(name, { detail: { data, replayed: this.#catchingUp } }));
    this.#last = event.lastEventId || this.#last;
    this.#settle();
  }

  #greeted(hello) {
    this.figures.reconnects += this.hello ? 1 : 0;
    this.hello = { ...hello, again: this.hello !== null };
    this.#newest = place(hello.newest);
    this.#told = this.#last ? 0 : this.#newest.position;
    this.#catchingUp = true;
    this.#replayed = 0;
    this.#gaps = [];
    this.#pause = LEAST_PAUSE_MILLIS;
  }

  #missed(gap) {
    this.figures.missed += gap.missed ?? 0;
    this.figures.unknown ||= gap.missed === null;
    this.#told = Math.max(this.#told, place(gap.to).position);
    this.#gaps.push(gap);
    if (!this.#catchingUp) {
      this.#tell("behind");
    }
  }

  /** Positions are consecutive, so a hole would be seen, even one that the server did not report. */
  #count({ epoch, position }) {
    const last = place(this.#last);
    const before = Math.max(this.#told, last.epoch === epoch ? last.position : 0);
    this.figures.missed += Math.max(0, position - before - 1);
    this.figures.received++;
    this.#catchingUp &&= position <= this.#newest.position;
    if (this.#catchingUp) {
      this.#replayed++;
      this.figures.replayed++;
    } else {
      this.#arrivals.push(performance.now());
    }
  }

  /** When the page has everything that was published before it connected, it shows how it resumed. */
  #settle() {
    const { epoch, position } = place(this.#last);
    const behind = epoch !== this.#newest.epoch || position < this.#newest.position;
    const away = this.state === "connecting" || this.state === "reconnecting" || this.state === "closed";
    if (behind || !away) {
      return;
    }
    this.#catchingUp = false;
    if (this.hello.again) {
      this.#tell(this.#gaps.length > 0 ? "gap" : "resumed");
    } else {
      this.#enter("open");
    }
  }

  #tell(state) {
    const seconds = (performance.now() - this.#droppedAt) / 1000;
    this.#enter(state, { gaps: this.#gaps, seconds, replayed: this.#replayed });
    this.#newsTimer = setTimeout(() => {
      this.#gaps = [];
      this.#enter("open");
    }, NEWS_MILLIS);
  }

  #enter(state, news = {}) {
    clearTimeout(this.#newsTimer);
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...news } }));
  }

  /** EventSource gives fields; here they become lines, in the order in which the server writes them. */
  #raw(name, id, data) {
    this.dispatchEvent(new CustomEvent("raw", { detail: { name, id, data } }));
  }
}

/** An id is a position in an epoch: another run of the server has another, and its positions mean nothing here. */
function place(id) {
  const dash = id.lastIndexOf("-");
  return { epoch: id.slice(0, dash), position: Number(id.slice(dash + 1)) };
}
