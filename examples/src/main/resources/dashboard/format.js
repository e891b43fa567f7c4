const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in decimal units, as network and disk makers count: "12.3 MB". */
export function bytes(value) {
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.5 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Bytes in binary units, as memory is sold: "7.6 GiB". */
export function memory(value) {
  const gib = value / 2 ** 30;
  return gib >= 0.1 ? `${gib.toFixed(gib >= 99.5 ? 0 : 1)} GiB` : `${Math.round(value / 2 ** 20)} MiB`;
}

export function percent(value) {
  return `${value.toFixed(value >= 9.95 ? 0 : 1)} %`;
}

export function count(value) {
  return value.toLocaleString("en");
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export function clock(millis) {
  return CLOCK.format(millis);
}

export function text(id, value) {
  const element = document.getElementById(id);
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

/** A figure with its small print: "4.1 GiB of 7.6 GiB". */
export function figure(id, value, small = "") {
  const note = document.createElement("small");
  note.textContent = small;
  document.getElementById(id).replaceChildren(value, small ? " " : "", note);
}
