const KEPT = 60;

const log = document.getElementById("log");
const follow = document.getElementById("follow");
let waiting = [];
let end = 0;

/** Lines wait here until the next drawing. Otherwise a replay of hundreds would be laid out one by one. */
export function note(event) {
  waiting.push(event);
  if (waiting.length > KEPT) {
    waiting.shift();
  }
}

export function drawLog() {
  if (waiting.length === 0 || !follow.checked) {
    return;
  }
  log.append(...waiting.map(entry));
  waiting = [];
  while (log.children.length > KEPT) {
    log.firstElementChild.remove();
  }
  log.scrollTop = log.scrollHeight;
  end = log.scrollTop;
}

/** Scrolling up pauses the list for reading; scrolling to the end continues it. */
log.addEventListener("scroll", () => {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  // The list itself may have become smaller or larger meanwhile: only a scroll back is one of the reader.
  if (atEnd || log.scrollTop < end) {
    follow.checked = atEnd;
  }
});

function entry({ name, id, data }) {
  const element = document.createElement("div");
  element.className = name;
  element.append(...field("event", name));
  if (id) {
    element.append(...field("id", id));
  }
  element.append(...field("data", data));
  return element;
}

function field(name, value) {
  const label = document.createElement("em");
  label.textContent = `${name}: `;
  const content = document.createElement(name === "event" ? "b" : "span");
  content.textContent = value;
  return [label, content, "\n"];
}
