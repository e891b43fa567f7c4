package microdot.netty.stream;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoOps;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends to many sockets with one system call: an io_uring that is used only for this, and is empty
 * again when {@link #run} returns. Confined to one event loop.
 *
 * <p>Why: docs/decisions/0004-batched-sends.md (28 to 33 % less CPU of the server per delivery
 * where system calls are expensive, no gain on a faster machine).
 */
final class SendRing implements IoUringIoHandle {
    private static final Logger LOG = System.getLogger("microdot.netty");

    // From the kernel's io_uring.h and socket.h.
    private static final byte IORING_OP_SEND = 26;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;

    /** Longer than the kernel needs for 256 sends that do not wait, also on a busy machine. */
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(1);

    private static final int UNKNOWN = Integer.MIN_VALUE;

    private final IoHandler handler;
    private final IoRegistration registration;
    private final int[] results;
    private int outstanding;

    private SendRing(EventLoop loop, int size) throws Exception {
        results = new int[size];
        handler = IoUringIoHandler.newFactory(size).newHandler(loop);
        try {
            handler.initialize();
            registration = handler.register(this);
        } catch (Exception | Error e) {
            handler.destroy();
            throw e;
        }
    }

    /**
     * Opens a ring for the given number of sends at once, on its event loop. Returns null where the
     * kernel or a security policy gives none.
     */
    static @Nullable SendRing open(EventLoop loop, int size) {
        if (!IoUring.isAvailable()) {
            return null;
        }
        try {
            return new SendRing(loop, size);
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            // Too few descriptors, or too little direct or lockable memory.
            LOG.log(Level.DEBUG, "io_uring is not available; each send is a system call", e);
            return null;
        }
    }

    /** Begins a run of the given number of sends, all with an unknown result. */
    void begin(int count) {
        Arrays.fill(results, 0, count, UNKNOWN);
    }

    /** Adds a send; the memory must not change until {@link #run} has returned. */
    void add(int index, int descriptor, long address, int length) {
        registration.submit(
                new IoUringIoOps(
                        IORING_OP_SEND,
                        (byte) 0,
                        (short) 0,
                        descriptor,
                        0L,
                        address,
                        length,
                        MSG_DONTWAIT | MSG_NOSIGNAL,
                        (long) index,
                        (short) 0,
                        (short) 0,
                        0,
                        0L));
        outstanding++;
    }

    /** Leaves a send out: its result is 0 bytes. */
    void skip(int index) {
        results[index] = 0;
    }

    /**
     * Sends everything that was added. No send waits for its socket, so this does not either.
     *
     * @throws IllegalStateException when the kernel does not report a result: without a limit, the
     *     loop would wait for it forever
     */
    void run() {
        runUntil(() -> outstanding == 0, () -> handler.run(NonBlocking.CONTEXT), LONGEST);
    }

    static void runUntil(BooleanSupplier done, Runnable step, long longest) {
        long begun = 0;
        while (!done.getAsBoolean()) {
            step.run();
            if (begun == 0) {
                begun = System.nanoTime(); // Usually the first step is the last one.
            } else if (System.nanoTime() - begun > longest) {
                throw new IllegalStateException("a send without a result");
            }
        }
    }

    /** Returns whether the result of a send is known: not of all, if {@link #run} has failed. */
    boolean isKnown(int index) {
        return results[index] != UNKNOWN;
    }

    /** Returns how many bytes the socket took, after {@link #run}; 0 if the send failed. */
    int result(int index) {
        return Math.max(0, results[index]);
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        var completion = (IoUringIoEvent) event;
        results[(int) completion.userData()] = completion.res();
        outstanding--;
    }

    @Override
    public void registered() {}

    @Override
    public void unregistered() {}

    /** Called when the handler is destroyed. */
    @Override
    public void close() {
        registration.cancel();
    }

    /** Releases the ring's kernel resources. */
    void destroy() {
        handler.prepareToDestroy();
        handler.destroy();
    }

    /** Lets the handler run without blocking. */
    private enum NonBlocking implements IoHandlerContext {
        CONTEXT;

        @Override
        public boolean canBlock() {
            return false;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return 0;
        }

        @Override
        public long deadlineNanos() {
            return 0;
        }
    }
}
