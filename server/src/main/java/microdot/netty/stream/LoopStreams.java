package microdot.netty.stream;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.netty.limits.LoopMemory;
import microdot.netty.limits.WaitingMemory;
import org.jspecify.annotations.Nullable;

/**
 * What the streams of one event loop share. Kept out of {@link ChannelSink}, because there is one
 * for each of perhaps 100,000 followers.
 */
public final class LoopStreams {
    final EventLoop loop;
    final SharedChunk chunk = new SharedChunk();
    final SendBatch batch;
    final int streamBuffer;
    final long heartbeat;
    final Supplier<Duration> reconnectDelay;
    final Executor afterClose;
    final Consumer<Throwable> failed;
    final EndedStreams ended;
    private final LoopMemory memory;
    private final long halfOpen;
    private final long stallTimeout;
    private final @Nullable EpollTcpInfo info;

    /**
     * Creates what the loop's streams share.
     *
     * @param reconnectDelay gives the delay after which the next client should reconnect
     * @param afterClose runs actions that may block, on threads that a closing server waits for
     * @param memory counts what waits in the server
     * @param failed receives what failed on the event loop
     * @param ended counts the streams that end
     */
    public LoopStreams(
            EventLoop loop,
            ServerOptions options,
            IoMode io,
            Supplier<Duration> reconnectDelay,
            Executor afterClose,
            WaitingMemory memory,
            Consumer<Throwable> failed,
            EndedStreams ended) {
        this.loop = loop;
        this.batch = new SendBatch(loop, io == IoMode.EPOLL_AND_RING, failed);
        this.streamBuffer = options.streamBuffer();
        this.heartbeat = options.heartbeat().toNanos();
        this.reconnectDelay = reconnectDelay;
        this.afterClose = afterClose;
        this.failed = failed;
        this.ended = ended;
        this.memory = new LoopMemory(memory);
        this.halfOpen = options.halfOpen().toNanos();
        this.stallTimeout = options.stallTimeout().toNanos();
        this.info = io == IoMode.NIO ? null : new EpollTcpInfo();
    }

    /** Returns what waits in the connections of this loop, streams or not. */
    public LoopMemory memory() {
        return memory;
    }

    /** Returns whether the peer of a stream has vanished. On the event loop. */
    public boolean isGone(Channel channel, DeadPeerProbe probe, long lastWrite, long now) {
        return info != null
                && halfOpen > 0
                && channel instanceof EpollSocketChannel epoll
                && epoll.isOpen() // The heartbeat just written may have found it broken.
                && probe.isGone(epoll, info, lastWrite, now, halfOpen);
    }

    /**
     * Returns whether the client read none of its unread bytes for {@code stallTimeout}. On the
     * loop.
     */
    public boolean isStalled(Channel channel, StallDetector detector, long now) {
        if (!detector.isStalled(channel, now, stallTimeout)) {
            return false;
        }
        return info == null
                || !(channel instanceof EpollSocketChannel epoll)
                || !epoll.isOpen()
                || detector.isStalled(epoll, info, now, stallTimeout);
    }

    /** Returns whether a client has read nothing since a time, for {@code stallTimeout}. */
    public boolean isStalled(long since, long now) {
        return now - since > stallTimeout;
    }

    /** Releases the memory of the last event. On the event loop. */
    public void release() {
        chunk.release();
    }

    /** Sends what is in the batch and releases its ring. On the event loop, before it ends. */
    public void close() {
        batch.close();
    }
}
