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
    private final Function<String, @Nullable Run> byToken;

    /**
     * @param byToken returns the run whose ids contain the token; null if it is unknown
     */
    RunResponses(Topics topics, Function<String, @Nullable Run> byToken) {
        this.topics = topics;
        this.byToken = byToken;
    }

    private Epoch epoch() {
        return topics.registry().order().epoch();
    }

    /** Returns the stream of the run; 204 for a client that has all of it. */
    Response stream(Request request, Run run) {
        if (!run.topic().pin()) {
            return unknown(request); // It was forgotten.
        }
        try {
            String lastEventId = Sse.lastEventId(request);
            if (lastEventId != null && run.topic().isOver(RunEventId.parse(lastEventId))) {
                return Sse.stopReconnecting().header("Run-Id", run.id());
            }
            var closingFrames = new StreamClosingFrames(Retry::in);
            Body.StreamWriter follow = sink -> run.follow(sink, lastEventId, closingFrames);
            return Sse.response(follow, closingFrames).header("Run-Id", run.id());
        } finally {
            run.topic().unpin();
        }
    }

    /** Returns the response for a run that was forgotten, or never was. */
    Response unknown(Request request) {
        String lastEventId = Sse.lastEventId(request);
        RunEventId id = lastEventId == null ? null : RunEventId.parse(lastEventId);
        if (lastEventId == null || id == null) {
            throw new HttpException(404, "run: unknown (expected: the id of a run that is kept)");
        }
        return forgotten(lastEventId, id);
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
        return run == null ? forgotten(lastEventId, id) : stream(request, run);
    }

    private Response forgotten(String lastEventId, RunEventId id) {
        return id.isOf(epoch()) ? Sse.stopReconnecting() : restarted(lastEventId, id);
    }

    /** A gap, and the end. Its id is of this epoch, so that the client then gets 204. */
    private Response restarted(String lastEventId, RunEventId id) {
        Epoch ids = epoch().with(id.token());
        long head = topics.head();
        String label = "run " + RunEventId.shortened(id.token());
        var gap = new Gap(label, lastEventId, ids.id(head), null, "restarted");
        byte[] bytes = gap.notice(head, JsonCodec.standard()).event().toBytes(ids.idLine(head));
        return Response.bytes(bytes, "text/event-stream")
                .header("Cache-Control", "no-cache, no-transform");
    }
}
