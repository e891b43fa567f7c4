// The code of docs/guide/topics.md.

import static microdot.sse.Sse.withSse;

import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.sse.Event;
import microdot.sse.History;
import microdot.sse.Subscription;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;

final Map<String, Integer> score = new ConcurrentHashMap<>();

void main(String[] args) {
    var app = new Microdot();

    var topics = new Topics();
    app.get("/detections", topics.stream("camera/1"));

    String id = topics.publish("camera/1", Event.of(Map.of("label", "cat", "score", 0.97)).event("detection"));
    topics.publish("camera/1", "or just data");

    app.get("/rooms/{room}", topics.stream(request -> {
        if (!mayEnter(request)) throw new HttpException(403);
        return List.of("room/" + request.param("room"), "news");       // up to 64 on one stream
    }));

    app.get("/history", topics.stream("camera/1").last(50));
    app.get("/cats", topics.stream("camera/1").where((request, event) -> event.data().toString().contains("cat")));
    app.get("/greeted", topics.stream("camera/1").onOpen((request, sse) -> sse.send("welcome", "hello")));
    app.get("/own", withSse((request, sse) -> {
        sse.send("welcome", "hello");
        sse.follow(topics, "camera/1");               // until the stream ends
    }));

    Thread.ofVirtual().start(() -> {
        try (Subscription events = topics.follow("camera/1")) {
            while (events.hasNext()) IO.println(events.next().data());
        }
    });

    var otherDetections = new SubmissionPublisher<String>();

    History newest = topics.history("camera/1", null, 20);          // the newest 20 events that are kept
    History later = topics.history("camera/1", newest.next(), 20);  // what came since, perhaps nothing

    Flow.Publisher<Event> detections = topics.publisher("camera/1");
    topics.publishAll("camera/2", otherDetections);                 // a Flow.Publisher of yours

    topics.topic("score", new TopicOptions().snapshot(() -> Map.copyOf(score)));
    app.get("/score", topics.stream("score"));
    app.post("/goals/{team}", request -> {
        topics.publish("score", () -> {               // no other change and no snapshot in between
            score.merge(request.param("team"), 1, Integer::sum);
            return Event.of(Map.of(request.param("team"), 1)).event("goal");
        });
        return 204;
    });

    topics.topic("prices", new TopicOptions()
            .latestBy(event -> event.event())         // one key for each name of an event
            .keepFor(Duration.ofMinutes(1))
            .checkpoints(true));

    app.post("/job", request -> {
        String job = UUID.randomUUID().toString();
        Thread.ofVirtual().start(() -> {
            for (int done = 0; done < 100; done += 10) topics.publish("job/" + job, Map.of("done", done));
            topics.topic("job/" + job).close(Event.of(Map.of("done", 100)).event("finished"));
        });
        return job;
    });
    app.get("/job/{id}", topics.stream(request -> List.of("job/" + request.param("id"))).last(1000));

    app.post("/detections", request -> topics.publish("camera/1", request.text()));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

boolean mayEnter(Request request) {
    return !request.param("room").equals("closed");
}
