// Parses an event stream as the HTML standard says ("Interpreting an event stream").

/** An event may have this many characters: twice what Microdot's server sends. */
const MAX = 1 << 25;

/**
 * Returns a function that takes the stream's text piece by piece.
 *
 * @param id the last event id so far
 * @param emit gets each [type, data, id, own]: own is true if the id came with this event; the type is '' for a block
 *     that has an id and no data, which moves the position only
 * @param retry gets a reconnect delay in milliseconds
 */
export function parser(id, emit, retry) {
  let rest = '', afterCr, size = 0, type = '', data, ownId;

  const field = (name, value) => {
    if (name == 'data') data = data == null ? value : data + '\n' + value;
    else if (name == 'event') type = value;
    else if (name == 'id' && !value.includes('\0')) ownId = value;
    else if (name == 'retry' && /^\d+$/.test(value)) retry(+value);
  };

  const end = () => {
    const own = ownId != null;
    if (own) id = ownId;
    if (data != null) emit([type || 'message', data, id, own]);
    else if (own) emit(['', '', id, own]);
    type = '';
    data = ownId = null;
    size = 0;
  };

  return text => {
    if (!text) return;
    // A CR that ends one piece and an LF that begins the next are one line break.
    const lines = (afterCr && text[0] == '\n' ? text.slice(1) : text).split(/\r\n?|\n/);
    afterCr = text.endsWith('\r');
    lines[0] = rest + lines[0];
    rest = lines.pop();
    size += text.length;
    for (const line of lines) {
      if (line) field(...line.match(/^([^:]*):? ?(.*)$/s).slice(1));
      else end();
    }
    if (size > MAX) throw size;
  };
}
