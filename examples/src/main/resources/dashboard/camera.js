import { clock, figure, plural, text } from "./format.js";

/** Two detections with at most this many frames between them belong to one passage. */
const PASSAGE_GAP = 4;
const LISTED = 12;

/** For how many frames the boxes stay if those of the newest frame have not arrived yet. */
const STAY_FRAMES = 2;

/** While the stream is open, but the camera does not answer. */
const LEAST_PAUSE_MILLIS = 2000;
const MOST_PAUSE_MILLIS = 30000;

/** How long to collect before pictures are fetched: only the best frame of a passage is wanted. */
const PICTURES_MILLIS = 400;

const view = document.getElementById("view");
const list = document.getElementById("detections");
const detections = new Map();
let current = null;
let passages = [];
let picturesTimer = 0;
const none = Promise.resolve();
let online = none;
let goOn = () => {};

/**
 * Draws each frame once, as fast as it can be fetched; not at all while the page is hidden or has no stream: the stream finds
 * out when the server is back.
 */
export async function watch() {
  let seen = -1;
  let millis = LEAST_PAUSE_MILLIS;
  while (true) {
    await visible();
    await online;
    try {
      seen = await next(seen);
      millis = LEAST_PAUSE_MILLIS;
    } catch {
      text("camera-now", "no picture");
      await new Promise((resolve) => setTimeout(resolve, millis));
      millis = Math.min(2 * millis, MOST_PAUSE_MILLIS);
    }
  }
}

/** The server answers when there is another frame, and with 204 if there is none for some seconds. */
async function next(seen) {
  const response = await fetch(`camera/frame.jpg?seen=${seen}`);
  if (response.status === 204) {
    return seen;
  }
  if (!response.ok) {
    throw new Error(await response.text());
  }
  const number = Number(response.headers.get("X-Frame"));
  show(number, await createImageBitmap(await response.blob()));
  return number;
}

async function visible() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

/** Pauses while the page has no stream. */
export function setOnline(isOnline) {
  if (isOnline) {
    goOn();
  } else if (online === none) {
    text("camera-now", "no picture");
    online = new Promise((resolve) => {
      goOn = () => {
        online = none;
        resolve();
      };
    });
  }
}

/** A restarted server does not have the frames of the one before it. */
export function forget() {
  passages.forEach((passage) => (passage.wanted = null));
}

export function detected(detection, late) {
  detections.set(detection.frame, detection);
  for (const frame of detections.keys()) {
    if (frame < detection.frame - 50 || frame > detection.frame) {
      detections.delete(frame);
    }
  }
  if (current && detection.frame === current.number) {
    draw();
  }
  join(detection, late);
}

function show(number, bitmap) {
  current?.bitmap.close();
  current = { number, bitmap };
  draw();
}

function draw() {
  const { number, bitmap } = current;
  view.width = bitmap.width;
  view.height = bitmap.height;
  const canvas = view.getContext("2d");
  canvas.drawImage(bitmap, 0, 0);
  const detection = nearest(number);
  detection?.boxes.forEach((box) => frame(canvas, box));
  const moving = detection ? plural(detection.boxes.length, "thing") + " moving" : "all quiet";
  figure("camera-now", moving, `frame ${number}`);
}

function nearest(number) {
  for (let back = 0; back <= STAY_FRAMES; back++) {
    if (detections.has(number - back)) {
      return detections.get(number - back);
    }
  }
  return null;
}

function frame(canvas, { x, y, width, height, score }) {
  canvas.lineWidth = 4;
  canvas.strokeStyle = "rgb(20 24 26 / .55)";
  canvas.strokeRect(x - 3, y - 3, width + 6, height + 6);
  canvas.lineWidth = 2;
  canvas.strokeStyle = "#ffd23f";
  canvas.strokeRect(x - 3, y - 3, width + 6, height + 6);
  const label = `${Math.round(score * 100)} %`;
  canvas.font = "600 13px system-ui, sans-serif";
  const wide = canvas.measureText(label).width + 10;
  const left = Math.max(0, Math.min(x - 4, canvas.canvas.width - wide));
  const above = y > 24 ? y - 24 : y + height + 4;
  canvas.fillStyle = "#ffd23f";
  canvas.fillRect(left, above, wide, 20);
  canvas.fillStyle = "#1d2426";
  canvas.fillText(label, left + 5, above + 14.5);
}

/** Detections of one passage share a line of the list, which grows while it lasts. */
function join(detection, late) {
  const passage = continues(detection) ? passages[0] : begin(detection, late);
  passage.last = detection;
  passage.count++;
  passage.most = Math.max(passage.most, detection.boxes.length);
  const score = Math.max(...detection.boxes.map((box) => box.score * box.width * box.height));
  if (score > passage.best) {
    passage.best = score;
    passage.wanted = detection;
    picturesTimer ||= setTimeout(pictures, PICTURES_MILLIS);
  }
  describe(passage);
}

function continues(detection) {
  const frames = passages.length > 0 ? detection.frame - passages[0].last.frame : -1;
  return frames >= 0 && frames <= PASSAGE_GAP;
}

function begin(detection, late) {
  const passage = { first: detection, last: detection, count: 0, most: 0, best: 0, wanted: null, late, ...line() };
  list.prepend(passage.item);
  passages.unshift(passage);
  passages.splice(LISTED).forEach(({ item }) => item.remove());
  return passage;
}

/** The newest first, up to the first whose frame the server no longer keeps: older frames are evicted too. */
async function pictures() {
  let kept = true;
  for (const passage of passages.filter(({ wanted }) => wanted !== null)) {
    const detection = passage.wanted;
    passage.wanted = null;
    kept &&= await picture(passage.canvas, detection);
  }
  picturesTimer = 0;
}

function line() {
  const item = document.createElement("li");
  const canvas = document.createElement("canvas");
  canvas.width = 144;
  canvas.height = 88;
  const words = document.createElement("div");
  const title = document.createElement("strong");
  const note = document.createElement("span");
  words.append(title, document.createElement("br"), note);
  const when = document.createElement("time");
  item.append(canvas, words, when);
  return { item, canvas, title, note, when };
}

function describe({ first, last, count, most, late, title, note, when }) {
  const seconds = (last.time - first.time) / 1000;
  title.textContent = `Motion${direction(first, last)}${most === 1 ? "" : `, ${most} at once`}`;
  note.textContent = `${plural(count, "frame")}, ${seconds.toFixed(1)} s${late ? ", caught up" : ""}`;
  when.textContent = clock(first.time);
}

function direction(first, last) {
  const middle = ({ boxes }) => largest(boxes).x + largest(boxes).width / 2;
  const way = middle(last) - middle(first);
  return Math.abs(way) < 10 ? "" : way > 0 ? " to the right" : " to the left";
}

/** The largest thing of a detection, cut out of its frame; false if the server no longer keeps that frame. */
async function picture(canvas, detection) {
  const bitmap = await fetched(detection.frame);
  if (bitmap) {
    crop(canvas, bitmap, largest(detection.boxes));
    bitmap.close();
  }
  return bitmap !== null;
}

async function fetched(number) {
  try {
    const response = await fetch(`camera/frames/${number}`);
    return response.ok ? await createImageBitmap(await response.blob()) : null;
  } catch {
    return null;
  }
}

function largest(boxes) {
  return boxes.reduce((a, b) => (a.width * a.height >= b.width * b.height ? a : b));
}

function crop(canvas, bitmap, box) {
  const shape = canvas.width / canvas.height;
  const height = Math.min(bitmap.height, Math.max(box.height, box.width / shape) + 20);
  const width = Math.min(bitmap.width, height * shape);
  const x = Math.min(Math.max(0, box.x + box.width / 2 - width / 2), bitmap.width - width);
  const y = Math.min(Math.max(0, box.y + box.height / 2 - height / 2), bitmap.height - height);
  canvas.getContext("2d").drawImage(bitmap, x, y, width, height, 0, 0, canvas.width, canvas.height);
}
