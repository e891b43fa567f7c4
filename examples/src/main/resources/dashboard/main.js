import { detected, serverIsBack, watch } from "./camera.js";
import { drawAll } from "./charts.js";
import { count, memory, plural, text } from "./format.js";
import { drawLog, note } from "./log.js";
import { add, drawFigures, prepare } from "./panels.js";
import { Stream } from "./stream.js";

/** Charts are drawn at most this often: a sample moves them by a pixel or two. */
const DRAW_MILLIS = 250;

/** In a hidden tab the stream stays open, and drawing pauses. */
const DRAW_HIDDEN_MILLIS = 5000;

const WORDS = {
  connecting: ["Connecting", () => "waiting for the first event"],
  open: ["Connected", () => "events come as they happen"],
  reconnecting: ["Reconnecting", () => "the browser tries again by itself"],
  resumed: ["Resumed", ({ replayed, seconds }) => `${plural(replayed, "event")} replayed, ${seconds.toFixed(1)} s away`],
  gap: ["Resumed, with a gap", ({ gaps }) => lost(gaps)],
  behind: ["Fell behind", ({ gaps }) => lost(gaps)],
  closed: ["Disconnected", ({ seconds }) => `the browser gave up; trying again in ${seconds.toFixed(0)} s`],
};

const REASONS = {
  expired: "no longer kept",
  restarted: "server restarted",
  slow: "this page read too slowly",
  invalid: "unknown place",
};

const stream = new Stream("events");
const drop = document.getElementById("drop");
let newest = null;
let arrived = 0;
let drawn = 0;

stream.addEventListener("hello", ({ detail: { data } }) => {
  prepare(data.machine);
  serverIsBack();
  drop.disabled = false;
  text("machine", `${data.machine.host} · ${data.machine.processor} · ${plural(data.machine.cores, "core")} · ${memory(data.machine.memory)}`);
  text("versions", `${data.machine.system} · Java ${data.machine.java}`);
});

stream.addEventListener("sample", ({ detail: { data } }) => {
  newest = data;
  arrived = performance.now();
  add(data);
});

stream.addEventListener("detection", ({ detail: { data, replayed } }) => detected(data, replayed));
stream.addEventListener("raw", ({ detail }) => note(detail));

stream.addEventListener("state", ({ detail }) => {
  const [title, words] = WORDS[detail.state];
  document.getElementById("link").dataset.state = detail.state;
  text("state", title);
  text("detail", words(detail));
  drop.disabled = detail.state === "reconnecting" || detail.state === "closed";
});

drop.addEventListener("click", async () => {
  drop.disabled = true;
  try {
    await fetch(`streams/${stream.hello.stream}/drop`, { method: "POST" });
  } catch (error) {
    console.info("drop:", error.message);
  }
});

/** Each topic has its own gaps: "12 samples and some detections lost: no longer kept". */
function lost(gaps) {
  return Object.entries(Object.groupBy(gaps, ({ reason }) => reason))
    .map(([reason, those]) => `${those.map(what).join(" and ")} lost: ${REASONS[reason] ?? reason}`)
    .join("; ");
}

function what({ topic, missed }) {
  return missed === null ? `some ${topic}s` : plural(missed, topic);
}

function draw(now) {
  if (now - drawn >= DRAW_MILLIS) {
    drawn = now;
    redraw();
  }
  requestAnimationFrame(draw);
}

function redraw() {
  const { received, replayed, missed, unknown, reconnects } = stream.figures;
  text("rate", newest ? stream.rate().toFixed(1) : "–");
  text("received", count(received));
  text("replayed", count(replayed));
  text("missed", unknown ? `${missed > 0 ? count(missed) : ""} ?`.trim() : count(missed));
  text("reconnects", count(reconnects));
  drawLog();
  if (newest) {
    drawAll((newest.time + performance.now() - arrived) / 1000);
    drawFigures(newest);
  }
}

requestAnimationFrame(draw);
setInterval(() => document.hidden && redraw(), DRAW_HIDDEN_MILLIS);
watch();
