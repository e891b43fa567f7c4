package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Everything that a parser reports of a stream. */
record ParsedStream(
        List<Event> events, List<String> comments, String lastEventId, @Nullable Duration retry) {
    static ParsedStream of(String stream) {
        return of(stream.getBytes(UTF_8));
    }

    static ParsedStream of(byte[] stream) {
        return ofChunks(List.of(stream));
    }

    /** Parses it in pieces of this size. */
    static ParsedStream of(byte[] stream, int size) {
        var chunks = new ArrayList<byte[]>();
        for (int at = 0; at < stream.length; at += size) {
            chunks.add(Arrays.copyOfRange(stream, at, Math.min(at + size, stream.length)));
        }
        return ofChunks(chunks);
    }

    /** Parses it in pieces of random sizes, some of them empty. */
    static ParsedStream of(byte[] stream, RandomGenerator random) {
        var chunks = new ArrayList<byte[]>();
        for (int at = 0, to; at < stream.length; at = to) {
            to = Math.min(stream.length, at + random.nextInt(1 + random.nextInt(20)));
            chunks.add(Arrays.copyOfRange(stream, at, to));
        }
        return ofChunks(chunks);
    }

    static ParsedStream ofChunks(List<byte[]> chunks) {
        var events = new ArrayList<Event>();
        var comments = new ArrayList<String>();
        var parser = new EventParser(events::add, comments::add);
        chunks.forEach(parser::feed);
        return new ParsedStream(events, comments, parser.lastEventId(), parser.retry());
    }

    List<Object> data() {
        return events.stream().map(Event::data).toList();
    }
}
