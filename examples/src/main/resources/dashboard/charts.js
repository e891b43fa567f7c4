import uPlot from "./uplot/uPlot.esm.js";

/** Seconds shown: a new page gets as much. While the server has less, that fills the chart. */
const WINDOW = 120;

/** A line needs two points; the first rates come a reading later. */
const LEAST_POINTS = 3;

/** A pause this many times longer than usual is shown as a break in the line. */
const BREAK = 3;

const dark = matchMedia("(prefers-color-scheme: dark)");
const charts = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** One chart over time, with one line for each of `lines` (names of colours in the style sheet). */
export class Chart {
  #element;
  #options;
  #data;
  #plot = null;
  #reason = null;
  #words = document.createElement("span");
  #observer = new ResizeObserver(() => this.#resize());

  /**
   * `options`: lines, format (of values), and one of top (a fixed upper end) or least (the upper end may not be lower).
   * `dashed`: which of the lines, so that one of the same values below it can be seen.
   * `thin`: how many lines come before `lines`, thin and in one colour.
   */
  constructor(id, options) {
    this.#element = document.getElementById(id);
    this.#options = { thin: 0, ...options };
    this.#data = Array.from({ length: 1 + options.lines.length + this.#options.thin }, () => []);
    charts.push(this);
    this.#build();
    this.#element.append(this.#words);
    this.#observer.observe(this.#element);
  }

  add(seconds, values) {
    this.#data[0].push(seconds);
    values.forEach((value, line) => this.#data[line + 1].push(value));
  }

  /** Ends the lines here: nothing is known between this moment and the next value. */
  breakAt(seconds) {
    if (this.#data[0].length > 0) {
      this.add(seconds, this.#data.slice(1).map(() => null));
    }
  }

  draw(now) {
    const old = this.#data[0].findIndex((time) => time >= now - WINDOW - 5);
    if (old > 0) {
      this.#data.forEach((column) => column.splice(0, old));
    }
    const times = this.#data[0];
    const isFilling = times.length >= LEAST_POINTS && times[0] > now - WINDOW;
    this.#plot.setData(this.#data, false);
    this.#plot.setScale("x", isFilling ? { min: times[0], max: times.at(-1) } : { min: now - WINDOW, max: now });
    this.#element.classList.toggle("absent", this.#reason !== null);
    this.#plot.root.hidden = this.#reason !== null;
    this.#words.textContent = this.#reason ?? (times.length < LEAST_POINTS ? "Collecting …" : "");
  }

  /** Shows in place of the chart why there is none; null shows the chart again. */
  absent(reason) {
    this.#reason = reason;
  }

  remove() {
    this.#plot.destroy();
    this.#words.remove();
    this.#observer.disconnect();
    charts.splice(charts.indexOf(this), 1);
  }

  rebuild() {
    this.#plot.destroy();
    this.#build();
  }

  #resize() {
    this.#plot.setSize(this.#size());
  }

  #size() {
    return { width: Math.max(120, this.#element.clientWidth), height: this.#element.clientHeight };
  }

  #build() {
    const now = Date.now() / 1000;
    this.#plot = new uPlot(
      {
        ...this.#size(),
        cursor: { show: false },
        legend: { show: false },
        padding: [8, 4, 0, 0],
        scales: { x: { time: true, range: (plot, min, max) => [min ?? now - WINDOW, max ?? now] }, y: { range: (plot, min, max) => this.#range(max) } },
        axes: [this.#timeAxis(), this.#valueAxis()],
        series: [{}, ...this.#series()],
      },
      this.#data,
      this.#element,
    );
  }

  #range(max) {
    const { top, least } = this.#options;
    return [0, top ?? Math.max(least, (max ?? 0) * 1.15)];
  }

  #series() {
    const main = this.#options.lines.map((name, index) => ({
      stroke: colour(name),
      width: 1.75,
      dash: this.#options.dashed?.includes(name) ? [6, 4] : undefined,
      fill: index === 0 && this.#options.fill ? colour("--fill") : undefined,
      points: { show: false },
    }));
    const thin = Array.from({ length: this.#options.thin }, () => ({
      stroke: colour("--soft") + "59",
      width: 1,
      points: { show: false },
    }));
    return [...thin, ...main];
  }

  #timeAxis() {
    return {
      stroke: colour("--soft"),
      font: `11px ${colour("--sans")}`,
      size: 28,
      gap: 8,
      space: 70,
      incrs: [1, 2, 5, 10, 15, 30, 60],
      grid: { show: false },
      ticks: { show: false },
      values: (plot, splits) => splits.map((seconds) => (isCut(plot, seconds) ? "" : time(seconds))),
    };
  }

  #valueAxis() {
    return {
      stroke: colour("--soft"),
      font: `11px ${colour("--sans")}`,
      size: 62,
      gap: 6,
      space: 34,
      grid: { stroke: colour("--grid"), width: 1 },
      ticks: { show: false },
      values: (plot, splits) => splits.map((value) => (value === null ? "" : this.#options.format(value))),
    };
  }
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

/** A label is centred on its moment, and close to the right edge half of it would be cut off. */
function isCut(plot, seconds) {
  return plot.valToPos(seconds, "x") > plot.over.clientWidth - 24;
}

function time(seconds) {
  return CLOCK.format(seconds * 1000);
}

/** True when the time since the last sample is too long for a line to be drawn across. */
export function isBreak(previous, next, usual) {
  return previous !== null && next - previous > Math.max(1.5, BREAK * usual);
}

/** `now` in seconds by the server's clock, because the clock of a phone may be minutes off. */
export function drawAll(now) {
  charts.forEach((chart) => chart.draw(now));
}

dark.addEventListener("change", () => charts.forEach((chart) => chart.rebuild()));
