// One of several servers on the same topics, which are in Redis. A client resumes on any of them.
//
//   ./microdot run --with redis examples/twoservers/TwoServers.java 5001 redis://localhost
//   ./microdot run --with redis examples/twoservers/TwoServers.java 5002 redis://localhost
//   curl -N http://localhost:5001/events
//   curl -d 'a headline' http://localhost:5002/events

import microdot.Microdot;
import microdot.ServerOptions;
import microdot.redis.RedisStore;
import microdot.sse.Topics;

void main(String[] args) {
    var topics = new Topics(RedisStore.connect(args[1]));    // such as redis://localhost
    var app = new Microdot();
    app.get("/events", topics.stream("news"));
    app.post("/events", request -> topics.publish("news", request.text()));
    app.get("/health", request -> "ok");

    int port = Integer.parseInt(args[0]);                     // another one for each server
    app.run(new ServerOptions().host("127.0.0.1").port(port).trustedProxies("127.0.0.1"));
}
