// wire.mjs WIRE AUTHORITY SCRIPT ARGUMENT...: runs a script of this folder whose fetch() speaks as WIRE says, and trusts the
// certificate in the file AUTHORITY only. First prints with what it has connected: "connected with h2".
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Agent, H2CClient, fetch } from 'undici';

const [wire, authority, script, url] = process.argv.splice(2, 3).concat(process.argv[2]);
const tls = { connect: { ca: readFileSync(authority) } };

const dispatchers = {
  HTTP_1: () => null,
  HTTP_1_TLS: () => new Agent({ ...tls, allowH2: false }),
  HTTP_2: () => new H2CClient(new URL(url).origin),
  HTTP_2_TLS: () => new Agent({ ...tls, allowH2: true }),
};
const dispatcher = dispatchers[wire]();
// Without one, the fetch() of Node itself is the client.
if (dispatcher) globalThis.fetch = (to, init) => fetch(to, { ...init, dispatcher });

const without = wire === 'HTTP_2' ? 'h2' : 'http/1.1';
subscribe('undici:client:connected', ({ socket }) => console.log(`connected with ${socket.alpnProtocol || without}`));

await import(new URL(`../${script}`, import.meta.url));
