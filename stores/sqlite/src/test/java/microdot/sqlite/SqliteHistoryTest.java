package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is read of topics while the file is trimmed. */
@Timeout(60)
class SqliteHistoryTest {
    private static final int KEPT = 6;

    @TempDir Path folder;

    /** The file is trimmed a moment after the publishes, and pages that were read are kept. */
    @Test
    void historyHasNoHole() {
        try (var topics = new Topics(SqliteStore.at(folder.resolve("events.db")))) {
            topics.topic("a", new TopicOptions().keepEvents(KEPT));
            int next = 0;
            while (next < 6 * KEPT) {
                topics.publish("a", next++);
            }
            List<Integer> read;
            do {
                read =
                        topics.history("a", null, 1000).events().stream()
                                .map(event -> Integer.valueOf("" + event.data()))
                                .toList();
                assertEquals(IntStream.range(read.getFirst(), next).boxed().toList(), read);
                topics.publish("a", next++);
            } while (read.getFirst() == 0);
        }
    }
}
