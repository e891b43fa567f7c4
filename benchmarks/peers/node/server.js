// Node's own http module: a set of responses, and a loop over it.
const http = require('node:http');

const streams = new Set();

function begin(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.flushHeaders();
}

function follow(request, response) {
  begin(response);
  streams.add(response);
  response.on('close', () => streams.delete(response));
}

function publish(request, response) {
  const pieces = [];
  request.on('data', piece => pieces.push(piece));
  request.on('end', () => {
    const frame = Buffer.from(`data: ${Buffer.concat(pieces)}\n\n`);
    for (const stream of streams) stream.write(frame);
    response.writeHead(204).end();
  });
}

function tick(request, response, ms) {
  begin(response);
  let number = 0;
  const timer = setInterval(() => response.write(`data: ${number++}\n\n`), ms);
  response.on('close', () => clearInterval(timer));
}

http
  .createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname === '/events') follow(request, response);
    else if (url.pathname === '/publish') publish(request, response);
    else if (url.pathname === '/ticks') tick(request, response, Number(url.searchParams.get('ms')));
    else response.writeHead(404).end();
  })
  .listen(Number(process.argv[2]), '127.0.0.1', 1024);
