package dashboard;

import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import microdot.HttpException;
import microdot.Request;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import org.jspecify.annotations.Nullable;

/** The one stream of a page: first a greeting, then all events from where the page stands. */
final class Feed implements SseHandler {
    /**
     * What a page that comes for the first time gets at once, so that its charts do not start
     * empty.
     */
    private static final Duration RECENT = Duration.ofMinutes(2);

    private static final Duration RETRY = Duration.ofSeconds(2);

    private final Machine machine;
    private final History history;
    private final Map<String, Sse> open = new ConcurrentHashMap<>();

    Feed(Machine machine, History history) {
        this.machine = machine;
        this.history = history;
    }

    /**
     * The greeting.
     *
     * @param stream names this connection, for {@link #drop}
     * @param resumed whether the page came with the id of an earlier event
     * @param replay how many events that were published before follow
     */
    private record Hello(Machine machine, String stream, boolean resumed, int replay) {}

    @Override
    public void handle(Request request, Sse sse) throws InterruptedException {
        String stream = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        open.put(stream, sse);
        sse.onClose(() -> open.remove(stream));
        String lastId = sse.lastEventId();
        History.Start start = history.start(lastId, RECENT);
        var hello = new Hello(machine, stream, lastId != null, start.replay());
        sse.send(Event.of(hello).event("hello").retry(RETRY));
        tell(sse, start.gap());
        follow(sse, start.position());
    }

    private void follow(Sse sse, long position) throws InterruptedException {
        while (true) {
            History.Batch batch = history.after(position);
            tell(sse, batch.gap());
            batch.events().forEach(sse::send);
            position = batch.position();
        }
    }

    private static void tell(Sse sse, @Nullable Gap gap) {
        if (gap != null) {
            sse.send(gap, "gap", gap.to());
        }
    }

    /** Ends a connection as a bad network would, for a page that wants to see itself resume. */
    int drop(Request request) {
        Sse sse = open.get(request.param("stream"));
        if (sse == null) {
            throw new HttpException(404, "no such stream");
        }
        sse.close();
        return 202;
    }
}
