import { Chart, isBreak } from "./charts.js";
import { bytes, figure, memory, percent, plural, text } from "./format.js";

/** Lines of more cores than this are unreadable; their bars remain. */
const CORE_LINES = 16;
const THERMOMETERS = 3;
const GIB = 2 ** 30;
const NOT_HERE = {
  network: "No network interface here but loopback.",
  disk: "The system shows no disk counters here.",
  load: "This system has no load average.",
};

const perSecond = (value) => `${bytes(value)}/s`;
const charts = {};
let cores = [];
let names = [];
let coreLines = 0;
let previous = null;
let usual = 0.5;
let settled = 0;
const usedMemory = bar("used");
const usedSwap = bar("swap");
document.getElementById("memory-bars").replaceChildren(usedMemory.element, usedSwap.element);

/** Builds what depends on the number of cores; builds it again only for another machine. */
export function prepare(machine) {
  if (cores.length === machine.cores) {
    return;
  }
  coreLines = machine.cores <= CORE_LINES ? machine.cores : 0;
  charts.cpu = fresh("cpu", { lines: ["--a"], thin: coreLines, fill: true, top: 100, format: (value) => `${value} %` });
  charts.memory = fresh("memory", { lines: ["--a"], fill: true, least: 1, format: (value) => `${value} GiB` });
  charts.load = fresh("load", { lines: ["--a", "--b", "--c"], least: 1, format: (value) => value.toFixed(1) });
  charts.network = fresh("network", { lines: ["--a", "--b"], dashed: ["--b"], least: 1000, format: perSecond });
  charts.disk = fresh("disk", { lines: ["--a", "--b"], dashed: ["--b"], least: 1000, format: perSecond });
  cores = Array.from({ length: machine.cores }, (_, number) => bar(`core ${number}`));
  document.getElementById("cores").replaceChildren(...cores.map(({ element }) => element));
}

function fresh(id, options) {
  charts[id]?.remove();
  return new Chart(id, options);
}

function bar(label) {
  const element = document.createElement("div");
  element.className = "core";
  const track = document.createElement("i");
  const filled = document.createElement("b");
  track.append(filled);
  element.append(label, track);
  return { element, fill: (share) => (filled.style.transform = `scaleX(${share})`) };
}

export function add(sample) {
  const time = sample.time / 1000;
  if (isBreak(previous, time, usual)) {
    Object.values(charts).forEach((chart) => chart.breakAt((previous + time) / 2));
  } else if (previous !== null) {
    usual = 0.8 * usual + 0.2 * (time - previous);
  }
  previous = time;
  charts.cpu.add(time, [...sample.cores.slice(0, coreLines), sample.cpu]);
  charts.memory.add(time, [sample.memory.used / GIB]);
  settled++;
  pair("load", time, sample.load);
  pair("network", time, sample.network && [sample.network.in, sample.network.out]);
  pair("disk", time, sample.disk && [sample.disk.in, sample.disk.out]);
  temperatures(time, sample.temperatures);
}

/** The first rate of a run has nothing to compare with, so only a second absence means that there is none. */
function pair(id, time, values) {
  if (values) {
    charts[id].add(time, values);
    charts[id].absent(null);
  } else if (settled > 1) {
    charts[id].absent(NOT_HERE[id]);
  }
}

function temperatures(time, degrees) {
  const found = Object.keys(degrees).slice(0, THERMOMETERS);
  if (found.length === 0) {
    return;
  }
  if (names.join("\n") !== found.join("\n")) {
    names = found;
    document.getElementById("temperature-card").hidden = false;
    const lines = ["--a", "--b", "--c"].slice(0, names.length);
    charts.temperature = fresh("temperature", { lines, least: 60, format: (value) => `${value} °C` });
    document.getElementById("thermometers").replaceChildren(...names.map(key));
  }
  charts.temperature.add(time, names.map((name) => degrees[name]));
}

function key(name, index) {
  const element = document.createElement("span");
  element.className = `key ${"abc"[index]}`;
  element.textContent = name;
  return element;
}

/** The figures beside the charts, from the newest readings. */
export function drawFigures(readings) {
  const [busy, used, load] = ["cpu", "memory", "load"].map((key) => readings.get(key));
  if (busy === undefined || !used) {
    return; // The first reading is still to come.
  }
  figure("cpu-now", percent(busy), `over ${plural(cores.length, "core")}`);
  readings.get("cores").forEach((share, core) => cores[core]?.fill(share / 100));
  figure("memory-now", memory(used.used), `of ${memory(used.total)}`);
  usedMemory.fill(used.used / used.total);
  usedSwap.element.hidden = used.swapTotal === 0;
  usedSwap.fill(used.swapTotal > 0 ? used.swapUsed / used.swapTotal : 0);
  [1, 5, 15].forEach((minutes, index) => text(`load-${minutes}`, load?.[index].toFixed(1) ?? "–"));
  for (const id of ["network", "disk"]) {
    const rates = readings.get(id);
    text(`${id}-in`, rates ? perSecond(rates.in) : "–");
    text(`${id}-out`, rates ? perSecond(rates.out) : "–");
  }
  const warmest = Math.max(...Object.values(readings.get("temperatures") ?? {}));
  figure("temperature-now", Number.isFinite(warmest) ? `${warmest.toFixed(0)} °C` : "–", "at the warmest");
}
