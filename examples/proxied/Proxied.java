// A server behind a proxy on the same machine: it listens on loopback only and believes what the proxy says.
//
//   ./microdot run examples/proxied/Proxied.java [PORT]
//   curl -N http://localhost:5000/events

import static microdot.sse.Sse.withSse;

import microdot.Microdot;
import microdot.ServerOptions;

void main(String[] args) {
    var app = new Microdot();

    app.get("/me", request -> Map.of("client", request.clientIp()));

    app.get("/events", withSse((request, sse) -> {
        while (true) {
            sse.send(Instant.now());
            Thread.sleep(1000);
        }
    }));

    int port = args.length > 0 ? Integer.parseInt(args[0]) : 5000;
    app.run(new ServerOptions().host("127.0.0.1").port(port).trustedProxies("127.0.0.1"));
}
