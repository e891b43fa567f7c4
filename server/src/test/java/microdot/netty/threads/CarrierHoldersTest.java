package microdot.netty.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import microdot.internal.UserCode;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CarrierHoldersTest {
    private volatile boolean over;

    private record Holder(Thread running) implements UserCode {
        @Override
        public @Nullable Thread thread() {
            return running;
        }

        @Override
        public String name() {
            return "GET /";
        }

        @Override
        public String advice() {
            return "none";
        }
    }

    private record Server(List<UserCode> running) implements ServerThreads {
        @Override
        public boolean isBusy() {
            return true;
        }
    }

    @Test
    void nothingOfALookIsKeptOnceThreadsRunAgain() throws Exception {
        var begun = new CountDownLatch(1);
        Thread thread =
                Thread.startVirtualThread(
                        () -> {
                            begun.countDown();
                            while (!over) {
                                Thread.onSpinWait();
                            }
                        });
        begun.await();
        var holder = new Holder(thread);
        var servers = List.of(new Server(List.of(holder)));
        var holders = new CarrierHolders(Runnable::run);
        assertEquals(List.of(), holders.look(servers));
        assertEquals(List.of(holder), holders.look(servers));
        holders.forget();
        assertEquals(List.of(), holders.look(servers));
        over = true;
        thread.join();
    }
}
