import { detected, forget, setOnline, watch } from "./camera.js";
import { drawAll } from "./charts.js";
import { count, memory, plural, text } from "./format.js";
import { drawLog, note } from "./log.js";
import { add, drawFigures, prepare } from "./panels.js";
import { Stream } from "./stream.js";

/** Charts are drawn at most this often: a second moves them by a pixel or two. */
const DRAW_MILLIS = 250;

/** In a hidden tab the stream stays open, and drawing pauses. */
const DRAW_HIDDEN_MILLIS = 5000;

const PAUSE_SECONDS = 5;
const AWAY = ["reconnecting", "paused", "ended"];

const WORDS = {
  connecting: ["Connecting", () => "waiting for the server"],
  open: ["Connected", () => "events arrive as they happen"],
  reconnecting: ["Reconnecting", ({ status }) => `${status ? `the server answered ${status}` : "no connection"}; ${nextTry()}`],
  paused: ["Disconnected", () => `by the button; ${nextTry()}`],
  resumed: ["Resumed", ({ late, seconds }) => `away for ${seconds.toFixed(1)} s; ${plural(late, "event")} caught up, none lost`],
  gap: ["Resumed, with a gap", ({ gaps }) => lost(gaps)],
  behind: ["Fell behind", ({ gaps }) => lost(gaps)],
  ended: ["Ended", ({ status }) => `the server answered ${status}; reload the page to try again`],
};

const REASONS = {
  expired: "no longer kept",
  restarted: "server restarted",
  slow: "this page read too slowly",
  invalid: "unknown place",
};

const stream = new Stream("events", ["snapshot", "put", "remove", "sample", "detection", "gap", "checkpoint"]);
const pause = document.getElementById("pause");

/** The newest readings, as the server has them: a new page gets them at once, and then each change. */
const readings = new Map();
let state = { state: "connecting" };
let newest = null;
let arrived = 0;
let drawn = 0;

stream.addEventListener("snapshot", ({ detail: { data } }) => {
  if (data.part === 1) {
    readings.clear();
  }
  Object.entries(data.rows).forEach(([key, value]) => readings.set(key, value));
  introduce(readings.get("machine"));
});
stream.addEventListener("put", ({ detail: { data } }) => readings.set(data.key, data.value));
stream.addEventListener("remove", ({ detail: { data } }) => readings.delete(data.key));

function introduce(machine) {
  if (machine) {
    prepare(machine);
    text("machine", `${machine.host} · ${machine.processor} · ${plural(machine.cores, "core")} · ${memory(machine.memory)}`);
    text("versions", `${machine.system} · Java ${machine.java}`);
  }
}

stream.addEventListener("sample", ({ detail: { data } }) => {
  newest = data;
  arrived = performance.now();
  prepare({ cores: data.cores.length });
  add(data);
});

stream.addEventListener("detection", ({ detail: { data, late } }) => detected(data, late));
stream.addEventListener("gap", ({ detail: { data } }) => data.reason === "restarted" && forget());
stream.addEventListener("raw", ({ detail }) => note(detail));

stream.addEventListener("state", ({ detail }) => {
  state = detail;
  document.getElementById("link").dataset.state = detail.state;
  pause.disabled = AWAY.includes(detail.state);
  setOnline(!AWAY.includes(detail.state));
  drawState();
});

pause.addEventListener("click", () => stream.pause(PAUSE_SECONDS));

function drawState() {
  const [title, words] = WORDS[state.state];
  text("detail", words(state));
  text("state", title);
}

function nextTry() {
  const seconds = Math.ceil((stream.nextTry - performance.now()) / 1000);
  return seconds > 0 ? `next try in ${seconds} s` : "trying now";
}

/** Each topic has its own gaps: "12 samples and some detections lost: no longer kept". */
function lost(gaps) {
  return Object.entries(Object.groupBy(gaps, ({ reason }) => reason))
    .map(([reason, those]) => `${those.map(what).join(" and ")} lost: ${REASONS[reason] ?? reason}`)
    .join("; ");
}

function what({ topic, missed }) {
  return missed === null ? `some ${topic}s` : plural(missed, topic);
}

/** Each process that serves pages has a row of its own. */
function connections() {
  const rows = [...readings].filter(([key]) => key.startsWith("connections"));
  return rows.length > 0 ? count(rows.reduce((sum, [, value]) => sum + value, 0)) : "–";
}

function draw(now) {
  if (now - drawn >= DRAW_MILLIS) {
    drawn = now;
    redraw();
  }
  requestAnimationFrame(draw);
}

function redraw() {
  const { received, late, lost, unknown, reconnects } = stream.figures;
  text("rate", stream.rate()?.toFixed(1) ?? "–");
  text("received", count(received));
  text("late", count(late));
  text("lost", unknown ? (lost > 0 ? `${count(lost)} + some` : "some") : count(lost));
  text("reconnects", count(reconnects));
  text("connections", connections());
  drawState();
  drawLog();
  if (newest) {
    drawAll((newest.time + performance.now() - arrived) / 1000);
  }
  drawFigures(readings);
}

requestAnimationFrame(draw);
setInterval(() => document.hidden && redraw(), DRAW_HIDDEN_MILLIS);
watch();
