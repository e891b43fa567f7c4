// Starts, follows and stops a run. Its id is in the page's address, so that a reload or a second tab finds it again.
import { connect } from "./microdot.js";
import { figure, text } from "./format.js";

/** Words that come in quicker succession were written before: the run itself takes longer for each. */
const BURST_MILLIS = 80;

const STATES = {
  none: ["No run", "start one"],
  connecting: ["Connecting", "to the run"],
  open: ["Running", "the server writes, this page follows"],
  reconnecting: ["Reconnecting", "the run goes on meanwhile"],
  finished: ["Finished", "the run has ended by itself"],
  stopped: ["Stopped", "the run was ended early, for every page"],
  closing: ["Stopped", "the server was stopped, and its runs with it"],
  failed: ["Failed", "the run has ended with an error"],
  lost: ["Lost", "the server was restarted, and its runs are gone"],
  unknown: ["No such run", "a run is kept for ten minutes after its end"],
};
/** Shown in place of a text. */
const HINTS = {
  none: "Start a run: the server writes a text, as a language model would. This page only follows.",
  unknown: "There is no run with the id in this page’s address: it was mistyped, or its ten minutes are over. Start another.",
  lost: "The server was restarted since this run: nothing of it is left. Start another.",
};
const OVER = ["none", "finished", "stopped", "closing", "failed", "lost", "unknown"];

const element = (id) => document.getElementById(id);
const id = () => location.hash.slice(1);
let connection = null;
let state = "none";
let run = null;

function follow() {
  connection?.close();
  run = { words: 0, early: 0, live: 0, since: performance.now(), last: performance.now(), isEarly: true };
  element("early").textContent = element("live").textContent = "";
  element("tab").href = location.href;
  enter(id() ? "connecting" : "none");
  if (!id()) {
    return;
  }
  connection = connect(`runs/${id()}`, {
    on: {
      open: () => OVER.includes(state) || enter("open"),
      reconnecting: () => OVER.includes(state) || enter("reconnecting"),
      begin: ({ data }) => (run.words = JSON.parse(data).words),
      word: ({ data }) => add(data),
      gap: () => OVER.includes(state) || enter("lost"),
      "run-stopped": ({ data }) => enter(data === "closing" ? "closing" : "stopped"),
      "run-error": () => enter("failed"),
      ended: ({ status }) => OVER.includes(state) || enter(status === 204 ? "finished" : "unknown"),
    },
  });
}

function add(word) {
  const now = performance.now();
  run.isEarly &&= run.early === 0 || now - run.last < BURST_MILLIS;
  run.last = now;
  run[run.isEarly ? "early" : "live"]++;
  element(run.isEarly ? "early" : "live").append(word);
  if (run.early + run.live === run.words) {
    enter("finished"); // The end of the stream follows; the page need not wait for it.
  }
  draw();
}

function enter(next) {
  state = next;
  const [title, detail] = STATES[next];
  text("state", title);
  text("detail", detail);
  element("link").dataset.state = next;
  const isOver = OVER.includes(next);
  element("start").textContent = next !== "none" && isOver ? "Start another" : "Start";
  element("start").disabled = !isOver;
  element("stop").disabled = isOver;
  element("reload").disabled = !id();
  element("tab").hidden = !id();
  const isEmpty = run.early + run.live === 0;
  text("hint", (isEmpty && HINTS[next]) || "");
  element("text").classList.toggle("writing", next === "open");
  draw();
}

function draw() {
  const count = run.early + run.live;
  element("progress").value = run.words === 0 ? 0 : count / run.words;
  figure("words-now", run.words === 0 ? "–" : `${count}`, run.words === 0 ? "" : `of ${run.words} words`);
  text("before", state === "none" ? "–" : `${run.early}`);
  text("seen", state === "none" ? "–" : `${run.live}`);
  if (!OVER.includes(state)) {
    run.seconds = (performance.now() - run.since) / 1000;
  }
  text("seconds", run.seconds === undefined ? "–" : run.seconds.toFixed(0));
}

element("start").addEventListener("click", async () => {
  element("start").disabled = true;
  try {
    const response = await fetch("runs", { method: "POST" });
    const { id } = await response.json();
    location.hash = id; // Follows the run, see hashchange.
  } catch {
    element("start").disabled = false;
    text("detail", "the server does not answer; try again");
  }
});
element("stop").addEventListener("click", () => fetch(`runs/${id()}`, { method: "DELETE" }).catch(() => text("detail", "the server does not answer; try again")));
element("reload").addEventListener("click", () => location.reload());
addEventListener("hashchange", follow);
setInterval(() => OVER.includes(state) || draw(), 250);
follow();
