package microdot.sse;

import java.util.function.Function;
import microdot.Body;
import microdot.HttpException;
import microdot.JsonCodec;
import microdot.Request;
import microdot.Response;
import microdot.sse.log.Epoch;
import org.jspecify.annotations.Nullable;

/** The responses to clients that want to follow a run. */
final class RunResponses {
    private final Topics topics;
    private final @Nullable RunLastEvents lastEvents;
    private final Function<String, @Nullable Run> byToken;

    /**
     * @param lastEvents those of the application; null for the default
     * @param byToken returns the run whose ids contain the token; null if it is unknown
     */
    RunResponses(
            Topics topics,
            @Nullable RunLastEvents lastEvents,
            Function<String, @Nullable Run> byToken) {
        this.topics = topics;
        this.lastEvents = lastEvents;
        this.byToken = byToken;
    }

    private Epoch epoch() {
        return topics.registry().runs().order().epoch();
    }

    /** Returns the stream of the run; 204 for a client that has all of it. */
    Response stream(Request request, Run run) {
        if (!run.topic().pin()) {
            return unknown(request); // It was forgotten.
        }
        try {
            String lastEventId = Sse.lastEventId(request);
            if (lastEventId != null && run.topic().isOver(RunEventId.parse(lastEventId))) {
                return over(request, run.topic().lastEvents()).header("Run-Id", run.id());
            }
            var closingFrames = new StreamClosingFrames(Retry::in);
            Body.StreamWriter follow = sink -> run.follow(sink, lastEventId, closingFrames);
            return Sse.response(follow, closingFrames).header("Run-Id", run.id());
        } finally {
            run.topic().unpin();
        }
    }

    /**
     * Returns the response to a client that has all of a run: 204, which browsers understand; to
     * others the last events of the application.
     */
    private static Response over(Request request, byte @Nullable [] lastEvents) {
        return lastEvents == null || Accepts.eventStream(request)
                ? Sse.stopReconnecting()
                : stream(lastEvents);
    }

    /** Returns the response for a run that was forgotten, or never was. */
    Response unknown(Request request) {
        String lastEventId = Sse.lastEventId(request);
        RunEventId id = lastEventId == null ? null : RunEventId.parse(lastEventId);
        if (lastEventId == null || id == null) {
            throw new HttpException(404, "run: unknown (expected: the id of a run that is kept)");
        }
        return forgotten(request, lastEventId, id);
    }

    /**
     * Returns the response for a request that continues a run, whether or not the run is known;
     * null if the request has no id of a run.
     */
    @Nullable Response resumed(Request request) {
        String lastEventId = Sse.lastEventId(request);
        RunEventId id = lastEventId == null ? null : RunEventId.parse(lastEventId);
        if (lastEventId == null || id == null) {
            return null;
        }
        Run run = id.isOf(epoch()) ? byToken.apply(id.token()) : null;
        return run == null ? forgotten(request, lastEventId, id) : stream(request, run);
    }

    private Response forgotten(Request request, String lastEventId, RunEventId id) {
        if (lastEvents != null && !Accepts.eventStream(request)) {
            return stream(lastEvents.of(RunEnd.FORGOTTEN).withoutId());
        }
        return id.isOf(epoch()) ? Sse.stopReconnecting() : restarted(lastEventId, id);
    }

    /** A gap, and the end. Its id is of this epoch, so that the client then gets 204. */
    private Response restarted(String lastEventId, RunEventId id) {
        Epoch ids = epoch().with(id.token());
        long head = topics.head();
        String label = "run " + RunEventId.shortened(id.token());
        var gap = new Gap(label, lastEventId, ids.id(head), null, "restarted");
        byte[] bytes = gap.encoded(JsonCodec.standard()).toBytes(ids.idLine(head));
        return stream(bytes);
    }

    private static Response stream(byte[] whole) {
        return Response.bytes(whole, "text/event-stream")
                .header("Cache-Control", "no-cache, no-transform");
    }
}
