package microdot.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import microdot.sse.store.Entry;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** Reads what the stream keeps. Each call asks the server, and blocks meanwhile. */
final class History {
    /** How often the ends are read at most, while others write. */
    private static final int ENDS_READS = 5;

    private final NatsNode node;
    private final NatsSettings settings;

    History(NatsNode node, NatsSettings settings) {
        this.node = node;
        this.settings = settings;
    }

    /** What asks the server. */
    private interface Question<T> {
        T ask(Link link)
                throws IOException, JetStreamApiException, InterruptedException, TimeoutException;
    }

    /** Asks again, once, when the connection ends meanwhile. */
    private <T> T ask(Question<T> question) {
        try {
            Link link = node.link();
            try {
                return question.ask(link);
            } catch (IOException | IllegalStateException e) {
                if (!link.hasEnded()) {
                    throw e;
                }
                return question.ask(node.link());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("NATS: interrupted while reading", false, e);
        } catch (IOException | JetStreamApiException | TimeoutException | IllegalStateException e) {
            throw new StoreException(
                    "NATS: " + settings.shownServers() + ": could not read: " + e.getMessage(),
                    false,
                    e);
        }
    }

    /** An entry and its sequence. */
    private record Read(long sequence, long nanos, Entry entry) {}

    Page read(String topic, long after, long upTo, int maxBytes) {
        return ask(link -> page(link, topic, after, upTo, maxBytes, null));
    }

    Page latest(String topic, long after, int maxBytes) {
        return ask(
                link -> {
                    Set<Long> newest = newest(link, topic, after);
                    return page(link, topic, after, Long.MAX_VALUE, maxBytes, newest);
                });
    }

    /** Returns the sequences of the newest entry of each key, of those after a position. */
    private Set<Long> newest(Link link, String topic, long after)
            throws IOException, JetStreamApiException, InterruptedException {
        long from = node.state().positions().sequence(after);
        Map<String, Long> byKey = new HashMap<>();
        long rows = scanKeys(link, topic, from, byKey);
        if (rows < from) {
            // A removal may be of a row that is not the newest of its key any more.
            byKey.clear();
            scanKeys(link, topic, rows, byKey);
        }
        return byKey.values().stream().filter(each -> each > from).collect(Collectors.toSet());
    }

    /** Returns the sequence after which the rows are that are removed here, but not put here. */
    private long scanKeys(Link link, String topic, long from, Map<String, Long> byKey)
            throws IOException, JetStreamApiException, InterruptedException {
        Positions positions = node.state().positions();
        long rows = from;
        var what = Scan.after(link.subject(topic), from).headersOnly(true);
        try (var scan = new Scan(link.stream, settings.timeout, what)) {
            for (Scan.Found next = scan.next(); next != null; next = scan.next()) {
                Entry entry = EntryMessage.entry(next.message());
                if (entry == null || entry.key() == null) {
                    continue;
                }
                Long before = byKey.get(entry.key());
                long row = positions.sequence(entry.row());
                if (entry.row() != 0 && before == null) {
                    rows = Math.min(rows, row);
                }
                if (entry.row() == 0 || before == null || before <= row) {
                    byKey.put(entry.key(), next.at().sequence());
                }
            }
        }
        return rows;
    }

    private Page page(
            Link link,
            String topic,
            long after,
            long upTo,
            int maxBytes,
            @Nullable Set<Long> wanted)
            throws IOException, JetStreamApiException, InterruptedException, TimeoutException {
        var found = new ArrayList<Read>();
        boolean more = collect(link, topic, after, upTo, maxBytes, wanted, found);
        if (!found.isEmpty()) {
            node.progress.await(found.getLast().sequence(), settings.timeout.toMillis());
        }
        // After the entries: what was removed meanwhile is below the floor, and not just missing.
        long floor = floor(link, topic);
        Positions positions = node.state().positions();
        List<StoredEntry> entries =
                found.stream()
                        .filter(read -> !node.ends.isRefused(read.sequence))
                        .map(read -> stored(read, positions))
                        .filter(stored -> stored.position() > floor)
                        .toList();
        return new Page(floor, entries, more);
    }

    /** Adds entries until the bytes are used up; returns whether there are more. */
    private boolean collect(
            Link link,
            String topic,
            long after,
            long upTo,
            int maxBytes,
            @Nullable Set<Long> wanted,
            List<Read> found)
            throws IOException, JetStreamApiException, InterruptedException {
        Positions positions = node.state().positions();
        long last = positions.sequence(upTo);
        long first = positions.sequence(after);
        if (first >= last || (wanted != null && wanted.isEmpty())) {
            return false;
        }
        long left = maxBytes;
        int missing = wanted == null ? Integer.MAX_VALUE : wanted.size();
        try (var scan =
                new Scan(link.stream, settings.timeout, Scan.after(link.subject(topic), first))) {
            for (Scan.Found next = scan.next(); next != null; next = scan.next()) {
                long sequence = next.at().sequence();
                Entry entry = EntryMessage.entry(next.message());
                if (sequence > last) {
                    return false;
                }
                if (entry == null
                        || EntryMessage.isEndAgain(next.message())
                        || (wanted != null && !wanted.contains(sequence))) {
                    continue;
                }
                left -= entry.bytes().length;
                if (left < 0 && !found.isEmpty()) {
                    return true;
                }
                found.add(new Read(sequence, next.at().nanos(), entry));
                missing--;
                if (missing == 0) {
                    return false;
                }
            }
        }
        return false;
    }

    private static StoredEntry stored(Read read, Positions positions) {
        return new StoredEntry(
                positions.position(read.sequence), read.nanos / 1_000_000, read.entry);
    }

    /**
     * Returns the position up to which entries of a topic may be missing. While the stream has its
     * first message, it has lost nothing to age and size. Only a topic that was removed begins with
     * the entry that says so.
     */
    private long floor(Link link, String topic) throws IOException, JetStreamApiException {
        String subject = link.subject(topic);
        MessageInfo oldest = link.stream.first(subject);
        StreamInfo info = link.stream.info(subject);
        StreamState stream = info.getStreamState();
        Positions positions = node.state().positions();
        long floor = positions.position(stream.getFirstSequence() - 1);
        if (oldest != null) {
            long perTopic = info.getConfiguration().getMaxMsgsPerSubject();
            Long count = stream.getSubjectMap().get(subject);
            boolean full = perTopic > 0 && count != null && count >= perTopic;
            if (full || kind(oldest) == Entry.Kind.CLEAR) {
                floor = Math.max(floor, positions.position(oldest.getSeq()) - 1);
            }
        }
        return floor;
    }

    private static Entry.@Nullable Kind kind(MessageInfo message) {
        Entry entry =
                EntryMessage.entry(
                        Objects.requireNonNull(message.getSubject()),
                        message.getHeaders(),
                        message.getData());
        return entry == null ? null : entry.kind();
    }

    Kept kept(String topic) {
        return ask(
                link -> {
                    MessageInfo newest = link.stream.last(link.subject(topic));
                    long floor = floor(link, topic);
                    if (newest == null) {
                        return new Kept(floor, 0, 0);
                    }
                    node.progress.await(newest.getSeq(), settings.timeout.toMillis());
                    long last = node.state().positions().position(newest.getSeq());
                    boolean closed = kind(newest) == Entry.Kind.CLOSE;
                    return new Kept(floor, last, closed ? last : 0);
                });
    }

    long head() {
        return ask(
                link -> {
                    long last = link.stream.last();
                    node.progress.await(last, settings.timeout.toMillis());
                    return node.state().positions().position(last);
                });
    }

    /** Returns the entries that end a topic, up to where the tail began. */
    List<StoredEntry> ends(TailState start) {
        return ask(
                link -> {
                    Map<Long, StoredEntry> found = new TreeMap<>();
                    boolean again = true;
                    for (int i = 0; again && i < ENDS_READS; i++) {
                        long last = link.stream.last();
                        for (StoredEntry end : readEnds(link, start)) {
                            found.put(end.position(), end);
                        }
                        // What a removal hid from one scan is there for the next.
                        again = link.stream.movesConsumers() && link.stream.last() != last;
                    }
                    return List.copyOf(found.values());
                });
    }

    private List<StoredEntry> readEnds(Link link, TailState start)
            throws IOException, InterruptedException, JetStreamApiException {
        var found = new ArrayList<StoredEntry>();
        var newest =
                ConsumerConfiguration.builder()
                        .filterSubject(link.prefix + ">")
                        .deliverPolicy(DeliverPolicy.LastPerSubject)
                        .headersOnly(true);
        try (var scan = new Scan(link.stream, settings.timeout, newest)) {
            for (Scan.Found next = scan.next(); next != null; next = scan.next()) {
                Entry entry = EntryMessage.entry(next.message());
                if (entry != null
                        && entry.kind() == Entry.Kind.CLOSE
                        && next.at().sequence() <= start.sequence()) {
                    var read = new Read(next.at().sequence(), next.at().nanos(), entry);
                    found.add(stored(read, start.positions()));
                }
            }
        }
        return found;
    }
}
