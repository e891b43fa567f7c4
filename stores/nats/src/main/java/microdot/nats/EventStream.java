package microdot.nats;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.PublishOptions;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamInfoOptions;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import microdot.nats.Positions.Span;
import microdot.sse.store.Append;
import microdot.sse.store.StoreEpoch;
import org.jspecify.annotations.Nullable;

/**
 * The stream of one namespace, over one connection. Its subjects have a random part, so that what
 * is published to a stream that was deleted does not get into the next one.
 */
final class EventStream {
    private static final Logger LOG = System.getLogger("microdot.nats");

    /** The token, in place of a topic, of the messages that begin an epoch. No topic has it. */
    private static final String EPOCH_TOKEN = "$epoch";

    private static final String RESTORED = "| restored";
    private static final String EPOCH_KIND = "epoch";
    private static final int NAME_IN_USE = 10058;
    private static final int STREAM_NOT_FOUND = 10059;
    private static final int WRONG_LAST_SEQUENCE = 10071;
    private static final int NO_MESSAGE = 10037;
    private static final String CONSUMERS_STAY = "2.9.12";
    private static final int TRIES = 20;

    /** How long a process that was connected has: longer than the pause between its tries. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Duration PAUSE = Duration.ofMillis(100);

    final Connection connection;
    final JetStreamManagement management;
    final String name;

    private final NatsSettings settings;

    EventStream(Connection connection, NatsSettings settings) throws IOException {
        this.connection = connection;
        this.settings = settings;
        this.name = settings.stream();
        this.management =
                connection.jetStreamManagement(
                        JetStreamOptions.builder().requestTimeout(settings.timeout).build());
    }

    /** Returns the stream as it is now, or makes it. */
    StreamInfo ensure() throws IOException, JetStreamApiException {
        StreamInfo info = find();
        if (info == null) {
            try {
                info = management.addStream(wanted(StreamConfiguration.builder()).build());
            } catch (JetStreamApiException e) {
                if (e.getApiErrorCode() != NAME_IN_USE) {
                    throw e;
                }
                info = management.getStreamInfo(name); // Another node was faster.
            }
        }
        // One that was made by hand, as another one was, has the description of that.
        boolean isNew = info.getStreamState().getLastSequence() == 0;
        Description known = description(info);
        if ((isNew || known.created() == null) && !isMarkedAsRestored(info)) {
            Instant created = Objects.requireNonNull(info.getCreateTime()).toInstant();
            info = describe(info, (isNew ? known.with(List.of()) : known).created(created));
        }
        return isNew ? begun(info) : info;
    }

    private @Nullable StreamInfo find() throws IOException, JetStreamApiException {
        try {
            return management.getStreamInfo(name);
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == STREAM_NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    private StreamConfiguration.Builder wanted(StreamConfiguration.Builder config) {
        String subjects = "microdot." + settings.namespace + "." + StoreEpoch.newName() + ".*";
        return limited(config)
                .name(name)
                .description(new Description(Description.FORMAT, null, List.of(), null).text())
                .subjects(subjects)
                .storageType(StorageType.File)
                .discardPolicy(DiscardPolicy.Old)
                .duplicateWindow(Duration.ofSeconds(Append.REPEAT_SECONDS))
                .allowRollup(true);
    }

    private StreamConfiguration.Builder limited(StreamConfiguration.Builder config) {
        return config.replicas(settings.replicas)
                .maxAge(settings.maxAge)
                .maxBytes(settings.maxBytes)
                .maxMessagesPerSubject(settings.maxPerTopic == 0 ? -1 : settings.maxPerTopic);
    }

    /** Gives the stream the limits of the settings, if it has others. */
    StreamInfo limited(StreamInfo info) throws IOException, JetStreamApiException {
        StreamConfiguration has = info.getConfiguration();
        StreamConfiguration wanted = limited(StreamConfiguration.builder(has)).build();
        boolean same =
                has.getReplicas() == wanted.getReplicas()
                        && has.getMaxAge().equals(wanted.getMaxAge())
                        && has.getMaxBytes() == wanted.getMaxBytes()
                        && has.getMaxMsgsPerSubject() == wanted.getMaxMsgsPerSubject();
        return same ? info : management.updateStream(wanted);
    }

    /**
     * Appends the first message. While it is there, nothing was removed because it is too old, or
     * because there is too much.
     */
    private StreamInfo begun(StreamInfo info) throws IOException, JetStreamApiException {
        tryBegin(info, new Headers().put(EPOCH_KIND, "0"), 0);
        return management.getStreamInfo(name);
    }

    /** Appends a message that begins an epoch; returns 0 when another message was faster. */
    private long tryBegin(StreamInfo info, Headers headers, long last)
            throws IOException, JetStreamApiException {
        try {
            return connection
                    .jetStream()
                    .publish(
                            prefix(info) + EPOCH_TOKEN,
                            headers,
                            new byte[0],
                            PublishOptions.builder().expectedLastSequence(last).build())
                    .getSeqno();
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == WRONG_LAST_SEQUENCE) {
                return 0;
            }
            throw e;
        }
    }

    /**
     * Begins an epoch that has only higher positions than given, and returns it. If another node
     * began one meanwhile that will do, returns that one.
     *
     * @param intact the last sequence that is what it was; -1 for everything that is there
     * @param looked the sequence up to which an epoch that begins there will not do
     */
    Span begin(StreamInfo current, long highest, long intact, long looked)
            throws IOException, JetStreamApiException {
        StreamInfo info = current;
        for (int i = 0; i < TRIES; i++) {
            Positions positions = positions(info);
            for (Span span : positions.spans()) {
                if (span.marker() > looked && span.epoch().first() > highest) {
                    return span;
                }
            }
            long last = info.getStreamState().getLastSequence();
            long end = positions.position(intact < 0 ? last : Math.min(intact, last));
            long before = Math.max(highest, positions.position(last));
            long first = Math.max(before, StoreEpoch.positionAt(Instant.now())) + 1;
            var epoch = new StoreEpoch(StoreEpoch.newName(), end, first);
            long marker = tryBegin(info, headers(epoch), last);
            if (marker > 0) {
                var span = new Span(epoch, marker);
                remember(positions.with(span));
                return span;
            }
            info = management.getStreamInfo(name);
        }
        throw new IOException("stream " + name + ": too busy to begin an epoch; tried again");
    }

    /**
     * Begins an epoch if a person has marked the stream as restored from a backup: what came after
     * the backup had the positions that come next.
     */
    StreamInfo restored(StreamInfo info) throws IOException, JetStreamApiException {
        if (!isMarkedAsRestored(info)) {
            return info;
        }
        long last = info.getStreamState().getLastSequence();
        Span span = begin(info, positions(info).position(last), -1, last);
        StreamInfo begun = management.getStreamInfo(name);
        List<Span> later = positions(begun).with(span).spans();
        return describe(begun, description(begun).with(later.subList(1, later.size())));
    }

    /**
     * Begins an epoch if the server has started again since a process last knew what the stream
     * has: perhaps it has lost something, and nobody would notice. For a process that knows nothing
     * yet: it waits a little for one that was connected all the time, and knows.
     */
    StreamInfo startedAgain(StreamInfo opened)
            throws IOException, JetStreamApiException, InterruptedException {
        StreamInfo info = opened;
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (isUnknownStart(info)) {
            if (System.nanoTime() - end >= 0) {
                long last = info.getStreamState().getLastSequence();
                begin(info, positions(info).position(last), -1, last);
                return management.getStreamInfo(name);
            }
            Thread.sleep(PAUSE);
            info = management.getStreamInfo(name);
        }
        return info;
    }

    private boolean isUnknownStart(StreamInfo info) {
        String known = description(info).server();
        String start = start(info);
        return known != null && start != null && !known.equals(start);
    }

    /** From now on a process knows what the stream has, as long as the server is not started. */
    void rememberStart() throws IOException, JetStreamApiException {
        StreamInfo info = management.getStreamInfo(name);
        Description known = description(info);
        String start = start(info);
        if (!Objects.equals(known.server(), start)) {
            describe(info, known.at(start));
        }
    }

    /**
     * Returns the id of the server that has the stream, another one each time that it starts; null
     * when the server of this connection may be another one. Replicas of a cluster know by
     * themselves what they have.
     */
    private @Nullable String start(StreamInfo info) {
        boolean isThisServer =
                info.getClusterInfo() == null && connection.getServerInfo().isJetStreamAvailable();
        return isThisServer ? connection.getServerInfo().getServerId() : null;
    }

    private Description description(StreamInfo info) {
        return Description.parse(name, info.getConfiguration().getDescription());
    }

    private static boolean isMarkedAsRestored(StreamInfo info) {
        String text = info.getConfiguration().getDescription();
        return text != null && text.endsWith(RESTORED);
    }

    private static Headers headers(StoreEpoch epoch) {
        return new Headers()
                .put(EPOCH_KIND, epoch.name())
                .put("First", Long.toString(epoch.first()))
                .put("After", Long.toString(epoch.previousEnd()));
    }

    /** Returns the epoch that a message begins; null when it begins none. */
    static @Nullable Span span(long sequence, String subject, @Nullable Headers headers) {
        if (!subject.endsWith("." + EPOCH_TOKEN)) {
            return null;
        }
        String epoch = headers == null ? null : headers.getFirst(EPOCH_KIND);
        String first = headers == null ? null : headers.getFirst("First");
        String after = headers == null ? null : headers.getFirst("After");
        if (epoch == null || first == null || after == null) {
            return null;
        }
        try {
            return new Span(
                    new StoreEpoch(epoch, Long.parseLong(after), Long.parseLong(first)), sequence);
        } catch (IllegalArgumentException e) {
            return null; // Something else has published it.
        }
    }

    /**
     * Returns the epochs of the stream. The first follows from the time at which the server made
     * the stream: a later stream has higher positions.
     */
    Positions positions(StreamInfo info) throws IOException, JetStreamApiException {
        Instant created =
                Objects.requireNonNullElseGet(
                        description(info).created(),
                        () -> Objects.requireNonNull(info.getCreateTime()).toInstant());
        String incarnation = prefix(info) + created;
        long before = StoreEpoch.positionAt(created);
        var first = new StoreEpoch(Names.derived(incarnation), 0, before + 1);
        var positions = new Positions(incarnation, List.of(new Span(first, 1)));
        for (Span span : description(info).later()) {
            positions = positions.with(span);
        }
        for (Span span : markers(info)) {
            positions = positions.with(span);
        }
        return positions;
    }

    private List<Span> markers(StreamInfo info) throws IOException, JetStreamApiException {
        var found = new ArrayList<Span>();
        String subject = prefix(info) + EPOCH_TOKEN;
        MessageInfo message = last(subject);
        if (message == null || message.getSeq() <= 1) {
            return found;
        }
        long newest = message.getSeq();
        for (long at = 1; at <= newest; at = message.getSeq() + 1) {
            message = management.getNextMessage(name, at, subject);
            Span span = span(message.getSeq(), subject, message.getHeaders());
            if (span != null) {
                found.add(span);
            }
        }
        return found;
    }

    /** Writes epochs to the description, because the messages that began them are removed once. */
    void remember(Positions positions) throws IOException, JetStreamApiException {
        List<Span> later = positions.spans().subList(1, positions.spans().size());
        StreamInfo info = management.getStreamInfo(name);
        Description known = description(info);
        if (!later.isEmpty() && !known.later().containsAll(known.with(later).later())) {
            describe(info, known.with(later));
        }
    }

    private StreamInfo describe(StreamInfo info, Description description)
            throws IOException, JetStreamApiException {
        return management.updateStream(
                StreamConfiguration.builder(info.getConfiguration())
                        .description(description.text())
                        .build());
    }

    /** Returns what the subjects of all topics begin with. */
    static String prefix(StreamInfo info) {
        String subjects = info.getConfiguration().getSubjects().getFirst();
        return subjects.substring(0, subjects.length() - 1);
    }

    /** Returns the stream as it is now, with the number of messages of a subject. */
    StreamInfo info(String subject) throws IOException, JetStreamApiException {
        return management.getStreamInfo(name, StreamInfoOptions.filterSubjects(subject));
    }

    /** Returns the newest message of a subject; null when there is none. */
    @Nullable MessageInfo last(String subject) throws IOException, JetStreamApiException {
        try {
            return management.getLastMessage(name, subject);
        } catch (JetStreamApiException e) {
            return noMessage(e);
        }
    }

    /** Returns the oldest message of a subject; null when there is none. */
    @Nullable MessageInfo first(String subject) throws IOException, JetStreamApiException {
        try {
            return management.getFirstMessage(name, subject);
        } catch (JetStreamApiException e) {
            return noMessage(e);
        }
    }

    /** Returns the first message of matching subjects after a sequence; null when there is none. */
    @Nullable MessageInfo next(String subjects, long after)
            throws IOException, JetStreamApiException {
        try {
            return management.getNextMessage(name, after + 1, subjects);
        } catch (JetStreamApiException e) {
            return noMessage(e);
        }
    }

    /** Returns the sequence of the newest message. */
    long last() throws IOException, JetStreamApiException {
        return management.getStreamInfo(name).getStreamState().getLastSequence();
    }

    /**
     * Returns whether the removal of a topic moves a consumer of all topics to the removal, past
     * messages that it has not got yet. Servers before 2.9.12 do that (nats-server, pull request
     * 3838). What a {@link TailConsumer} was moved past is asked for one by one.
     */
    boolean movesConsumers() {
        return !connection.getServerInfo().isSameOrNewerThanVersion(CONSUMERS_STAY);
    }

    /** Returns the message with a sequence; null when there is none. */
    @Nullable MessageInfo message(long sequence) throws IOException, JetStreamApiException {
        try {
            return management.getMessage(name, sequence);
        } catch (JetStreamApiException e) {
            return noMessage(e);
        }
    }

    /**
     * Makes the end of a topic its newest entry again, and deletes the message that came after it.
     * In this order: a server that loses its last message of a subject may forget the one before.
     */
    void endAgain(String subject, long refused) {
        try {
            connection
                    .jetStream()
                    .publish(
                            subject,
                            EntryMessage.endAgain(),
                            new byte[0],
                            PublishOptions.builder().expectedLastSubjectSequence(refused).build());
        } catch (IOException | JetStreamApiException | IllegalStateException e) {
            LOG.log(Level.DEBUG, "NATS: another node ended the topic again", e);
        }
        try {
            management.deleteMessage(name, refused, false);
        } catch (IOException | JetStreamApiException | IllegalStateException e) {
            LOG.log(Level.DEBUG, "NATS: another node deleted message " + refused, e);
        }
    }

    private static @Nullable MessageInfo noMessage(JetStreamApiException e)
            throws JetStreamApiException {
        if (e.getApiErrorCode() == NO_MESSAGE || e.getErrorCode() == 404) {
            return null;
        }
        throw e;
    }
}
