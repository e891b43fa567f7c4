// The one EventSource of the page, and an honest account of it: what came, what was replayed, what is missing.

const NAMES = ["hello", "sample", "detection", "gap"];
const RATE_SECONDS = 5;

/** How long "Resumed" and "gap" stand before the plain "Connected" returns. */
const NEWS_MILLIS = 8000;

export class Stream extends EventTarget {
  state = "connecting";
  figures = { received: 0, replayed: 0, missed: 0, unknown: false, reconnects: 0 };
  hello = null;
  #source;
  #replaying = 0;
  #gap = null;
  #droppedAt = 0;
  #arrivals = [];
  #newsTimer = 0;
  #last = null;

  constructor(url) {
    super();
    this.#source = new EventSource(url);
    this.#source.addEventListener("error", () => this.#failed());
    for (const name of NAMES) {
      this.#source.addEventListener(name, (event) => this.#receive(name, event));
    }
  }

  /** Live events a second, as measured over the last seconds; replayed ones would make it a fable. */
  rate() {
    const from = performance.now() - RATE_SECONDS * 1000;
    while (this.#arrivals.length > 0 && this.#arrivals[0] < from) {
      this.#arrivals.shift();
    }
    return this.#arrivals.length / RATE_SECONDS;
  }

  #failed() {
    if (this.#source.readyState === EventSource.CLOSED) {
      this.#enter("closed");
    } else if (this.hello && this.state !== "reconnecting") {
      this.#droppedAt = performance.now();
      this.#enter("reconnecting");
    }
  }

  #receive(name, event) {
    const data = JSON.parse(event.data);
    const own = name !== "hello";
    this.#raw(name, own ? event.lastEventId : "", event.data);
    if (name === "hello") {
      this.#greeted(data);
    } else if (name === "gap") {
      this.#missed(data);
    } else {
      this.#count(event.lastEventId);
    }
    this.dispatchEvent(new CustomEvent(name, { detail: { data, replayed: this.#replaying > 0 } }));
    if (own && name !== "gap" && this.#replaying > 0 && --this.#replaying === 0) {
      this.#caughtUp();
    }
  }

  #greeted(hello) {
    this.figures.reconnects += this.hello ? 1 : 0;
    this.hello = { ...hello, again: this.hello !== null };
    this.#replaying = hello.replay;
    this.#gap = null;
    if (this.#replaying === 0) {
      this.#caughtUp();
    }
  }

  #missed(gap) {
    this.figures.missed += gap.missed ?? 0;
    this.figures.unknown ||= gap.missed === null;
    this.#gap = gap;
    this.#last = gap.to;
    if (this.#replaying === 0) {
      this.#caughtUp();
    }
  }

  /** Numbers follow one another, so a hole would show itself, even one that the server did not tell of. */
  #count(id) {
    const [, epoch, number] = /^(.*)-(\d+)$/.exec(id);
    const [, lastEpoch, lastNumber] = /^(.*)-(\d+)$/.exec(this.#last ?? "") ?? [];
    if (epoch === lastEpoch) {
      this.figures.missed += Math.max(0, number - lastNumber - 1);
    }
    this.#last = id;
    this.figures.received++;
    if (this.#replaying > 0) {
      this.figures.replayed++;
    } else {
      this.#arrivals.push(performance.now());
    }
  }

  #caughtUp() {
    const again = this.hello.again;
    const seconds = (performance.now() - this.#droppedAt) / 1000;
    this.#enter(this.#gap ? "gap" : again ? "resumed" : "open", { gap: this.#gap, seconds, replay: this.hello.replay });
    if (this.state !== "open") {
      this.#newsTimer = setTimeout(() => this.#enter("open"), NEWS_MILLIS);
    }
  }

  #enter(state, news = {}) {
    clearTimeout(this.#newsTimer);
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...news } }));
  }

  /** EventSource hands over fields; as lines they are put in the order in which the server writes them. */
  #raw(name, id, data) {
    this.dispatchEvent(new CustomEvent("raw", { detail: { name, id, data } }));
  }
}
