package microdot.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MailboxTest {
    /** As when a store closes while many appends are under way. */
    @Test
    void tasksRunAlthoughTheExecutorTakesNoMore() {
        var mailbox =
                new Mailbox(
                        () -> {},
                        task -> {
                            throw new RejectedExecutionException("closed");
                        });
        var run = new AtomicInteger();
        mailbox.post(
                () -> {
                    for (int i = 0; i < 2000; i++) {
                        mailbox.post(run::incrementAndGet);
                    }
                });
        assertEquals(2000, run.get());
        mailbox.post(run::incrementAndGet);
        assertEquals(2001, run.get());
    }
}
