package microdot.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Objects;
import microdot.nats.Positions.Span;
import microdot.sse.store.StoreEpoch;
import org.jspecify.annotations.Nullable;

/**
 * Where a tail goes on after a new connection, and whether the stream is still what it was.
 *
 * @param state from where the tail goes on
 * @param begun the epoch that begins for this node, because entries were or may have been lost;
 *     null when nothing was
 */
record Resume(TailState state, @Nullable StoreEpoch begun) {

    /** Where a tail begins that has nothing yet: at the end. */
    static Resume fresh(EventStream stream, StreamInfo info)
            throws IOException, JetStreamApiException {
        Positions positions = stream.positions(info);
        boolean begun =
                positions.spans().getLast().marker() > info.getStreamState().getLastSequence();
        // The caller learns of an epoch that began meanwhile here, so what is before it is history.
        StreamInfo now = begun ? stream.management.getStreamInfo(stream.name) : info;
        long last = now.getStreamState().getLastSequence();
        long time = nanos(Objects.requireNonNull(now.getStreamState().getLastTime()));
        return new Resume(new TailState(positions, last, time), null);
    }

    /**
     * Compares the stream with what a tail has seen.
     *
     * @throws InterruptedException when the store is closed meanwhile
     */
    static Resume after(EventStream stream, StreamInfo info, TailState seen, Duration timeout)
            throws IOException, JetStreamApiException, InterruptedException {
        Positions positions = stream.positions(info);
        long highest = seen.position();
        if (!positions.incarnation().equals(seen.positions().incarnation())) {
            // The stream was deleted, and this is another one. Nothing of the old one is left.
            return at(stream, stream.begin(info, highest, -1, -1), 0);
        }
        long intact = intact(stream, info, seen, timeout);
        if (intact >= seen.sequence()) {
            return new Resume(new TailState(positions, seen.sequence(), seen.nanos()), null);
        }
        Span span = stream.begin(info, highest, intact, intact);
        return at(stream, span, seen.positions().position(intact));
    }

    private static Resume at(EventStream stream, Span span, long previousEnd)
            throws IOException, JetStreamApiException {
        StreamInfo info = stream.management.getStreamInfo(stream.name);
        Positions positions = stream.positions(info).with(span);
        MessageInfo marker = stream.message(span.marker());
        ZonedDateTime time =
                marker == null ? info.getStreamState().getFirstTime() : marker.getTime();
        var epoch = new StoreEpoch(span.epoch().name(), previousEnd, span.epoch().first());
        return new Resume(
                new TailState(positions, span.marker(), nanos(Objects.requireNonNull(time))),
                epoch);
    }

    /** Returns the last sequence up to which the stream has what the tail has seen. */
    private static long intact(
            EventStream stream, StreamInfo info, TailState seen, Duration timeout)
            throws IOException, JetStreamApiException, InterruptedException {
        long last = info.getStreamState().getLastSequence();
        if (last >= seen.sequence()) {
            MessageInfo same = stream.message(seen.sequence());
            if (same != null && nanos(Objects.requireNonNull(same.getTime())) == seen.nanos()) {
                return seen.sequence();
            }
        }
        // It is gone, or another one. What was stored in its place is younger.
        var from =
                ConsumerConfiguration.builder()
                        .deliverPolicy(DeliverPolicy.ByStartTime)
                        .startTime(time(seen.nanos() + 1))
                        .headersOnly(true);
        try (var later = new Scan(stream, timeout, from)) {
            Scan.Found first = later.next();
            long old = first == null ? last : first.at().sequence() - 1;
            return Math.min(old, seen.sequence());
        }
    }

    static long nanos(ZonedDateTime time) {
        return Math.addExact(
                Math.multiplyExact(time.toEpochSecond(), 1_000_000_000L), time.getNano());
    }

    private static ZonedDateTime time(long nanos) {
        return Instant.ofEpochSecond(0, nanos).atZone(ZoneOffset.UTC);
    }
}
