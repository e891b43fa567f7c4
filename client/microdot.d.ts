/** An event of the server, as an EventSource gives it. */
export interface ServerEvent {
  /** The name of the event; "message" if the server gave none. */
  readonly type: string;
  readonly data: string;
  /** The id of this event, or of the last event before it that had one; "" if there is none. */
  readonly lastEventId: string;
}

/** A change of the connection. It has no data; an event of the server with the same name has. */
export interface StateEvent {
  readonly type: 'open' | 'reconnecting' | 'ended';
  /** The status of the response that caused it; absent if there was none. */
  readonly status?: number;
  /** For "reconnecting": the milliseconds until the next try. */
  readonly delay?: number;
}

/** The functions that are called, by the name of the event. What one of them throws is reported to the page. */
export interface Handlers {
  /** The stream is open. Also called in a tab that joins. May be called again after a reconnect. */
  open?(event: StateEvent): void;
  /** The connection is lost or was refused; the next try is in `delay` milliseconds. */
  reconnecting?(event: StateEvent): void;
  /** There will be no more events: status 204, or the status of an error such as 401, 403 or 404. */
  ended?(event: StateEvent): void;
  /** Events were lost; `data` is JSON with `topic`, `from`, `to`, `missed` and `reason`. */
  gap?(event: ServerEvent): void;
  /** What a client needs that begins, or that had a gap. */
  snapshot?(event: ServerEvent): void;
  message?(event: ServerEvent): void;
  [type: string]: ((event: any) => void) | undefined;
}

export interface Options {
  /**
   * Separates users: tabs share a connection only if URL and key are the same. Set it to the user's id wherever the
   * stream depends on who is logged in. Default: "".
   */
  key?: string;
  on?: Handlers;
  /** Keeps the last event id in sessionStorage, so that a reloaded page gets the events after it. Default: false. */
  keep?: boolean;
  /** The id after which to begin. Default: as a new client, or after the kept id. */
  lastEventId?: string;
  /**
   * Milliseconds in which the first byte of a stream must come if the server has the JSON form. Default: 10,000.
   */
  timeout?: number;
  /** Options of each fetch, such as `headers` (a plain object) or `credentials`. */
  fetch?: Omit<RequestInit, 'headers' | 'signal' | 'cache'> & { headers?: Record<string, string> };
}

export interface Connection {
  /** Ends it for this tab; the others continue. Nothing is called afterwards. */
  close(): void;
  /** The id of the last event that this tab got; "" if there is none. */
  readonly lastEventId: string;
}

/** Follows an event stream. All tabs with the same URL and key share one connection. */
export function connect(url: string | URL, options?: Options): Connection;

/** The rows of a table by key, kept up to date. */
export interface Table<V = unknown> extends Map<string, V> {
  /** Ends it; the rows stay as they are. */
  close(): void;
}

/** The options of a table: it always begins with all rows, so that it keeps no id. */
export interface TableOptions<V = unknown> extends Omit<Options, 'keep' | 'lastEventId'> {
  on?: Handlers & {
    /** Called after each change, with the rows. */
    change?(rows: Table<V>): void;
  };
}

/** Follows a stream of one table. */
export function table<V = unknown>(url: string | URL, options?: TableOptions<V>): Table<V>;
