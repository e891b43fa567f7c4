package microdot.netty;

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
import org.jspecify.annotations.Nullable;

/**
 * Sends to many sockets with one system call: an io_uring that is used for this alone, and is empty
 * again when {@link #run} returns. Of one event loop.
 */
final class SendRing implements IoUringIoHandle {
    private static final Logger LOG = System.getLogger("microdot.netty");

    // From the kernel's io_uring.h and socket.h.
    private static final byte IORING_OP_SEND = 26;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;

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
     * A ring for so many sends at once, on its event loop; null where the kernel or its guards give
     * none.
     */
    static @Nullable SendRing open(EventLoop loop, int size) {
        if (!IoUring.isAvailable()) {
            return null;
        }
        try {
            return new SendRing(loop, size);
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            // Too few descriptors, or too little memory, direct or that may be locked.
            LOG.log(Level.DEBUG, "no io_uring: each send is a system call of its own", e);
            return null;
        }
    }

    /** Begins a run of so many sends, of none of which anything is known. */
    void begin(int count) {
        Arrays.fill(results, 0, count, UNKNOWN);
    }

    /** Adds a send; the memory must stay as it is until {@link #run} has returned. */
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

    /** Leaves one out: nothing of it was taken. */
    void skip(int index) {
        results[index] = 0;
    }

    /** Sends all that was added. None of them waits, so this does not. */
    void run() {
        while (outstanding > 0) {
            handler.run(Now.CONTEXT);
        }
    }

    /** Whether it can be told what became of it: not of all, when {@link #run} has failed. */
    boolean isKnown(int index) {
        return results[index] != UNKNOWN;
    }

    /** How many bytes the socket took, after {@link #run}; none too when it failed. */
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

    /** Called when the handler is taken down. */
    @Override
    public void close() {
        registration.cancel();
    }

    /** Gives back what it has of the kernel. */
    void destroy() {
        handler.prepareToDestroy();
        handler.destroy();
    }

    private enum Now implements IoHandlerContext {
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
