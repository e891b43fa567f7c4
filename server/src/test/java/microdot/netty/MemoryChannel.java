package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.DuplexChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * An accepted connection without a socket: its client sends the given pieces, each of which is one
 * read, takes every byte at once, and then closes its sending side when {@link #endInput} is
 * called.
 */
final class MemoryChannel extends AbstractChannel implements DuplexChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private final Queue<byte[]> pieces;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    // Confined to the event loop.
    private boolean readWanted;
    private boolean readScheduled;
    private boolean inputEnds;
    private boolean inputShutdown;

    private volatile boolean allRead;
    private volatile boolean active;
    private volatile boolean open = true;
    private volatile boolean outputShutdown;

    MemoryChannel(List<byte[]> pieces) {
        super(null);
        this.pieces = new ArrayDeque<>(pieces);
    }

    /** Returns what the server has sent; after the channel was closed. */
    byte[] output() {
        return output.toByteArray();
    }

    /** Returns whether the server has read every piece. From any thread. */
    boolean isAllRead() {
        return allRead;
    }

    /** The client closes its sending side after the last piece. From any thread. */
    void endInput() {
        eventLoop()
                .execute(
                        () -> {
                            inputEnds = true;
                            scheduleRead();
                        });
    }

    @Override
    protected void doBeginRead() {
        readWanted = true;
        scheduleRead();
    }

    private void scheduleRead() {
        if (!readScheduled) {
            readScheduled = true;
            eventLoop().execute(this::readNext);
        }
    }

    private void readNext() {
        readScheduled = false;
        if (!readWanted || inputShutdown || !active) {
            return;
        }
        byte[] piece = pieces.poll();
        if (piece != null) {
            readWanted = false;
            ByteBuf bytes = config.getAllocator().buffer(piece.length);
            pipeline().fireChannelRead(bytes.writeBytes(piece));
            pipeline().fireChannelReadComplete();
        } else if (inputEnds) {
            inputShutdown = true;
            pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
        }
        allRead = pieces.isEmpty();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer out) throws Exception {
        for (Object message = out.current(); message != null; message = out.current()) {
            if (outputShutdown) {
                throw new IOException("the output is shut down");
            }
            if (message instanceof ByteBuf bytes) {
                bytes.getBytes(bytes.readerIndex(), output, bytes.readableBytes());
            } else if (message instanceof FileRegion region) {
                while (region.transferred() < region.count()) {
                    region.transferTo(new Target(), region.transferred());
                }
            } else {
                throw new AssertionError(message);
            }
            out.remove();
        }
    }

    private final class Target implements WritableByteChannel {
        @Override
        public int write(ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            output.writeBytes(copy);
            return copy.length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        active = true;
        promise.setSuccess();
    }

    @Override
    protected void doClose() {
        open = false;
        active = false;
        pieces.clear();
        allRead = true;
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doBind(SocketAddress address) {}

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress to, SocketAddress from, ChannelPromise promise) {
                throw new UnsupportedOperationException("connect: a server's connection");
            }
        };
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected SocketAddress localAddress0() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 5000);
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 40_000);
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return active;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    // ---- Half-closed ----

    @Override
    public boolean isInputShutdown() {
        return inputShutdown;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        inputShutdown = true;
        return promise.setSuccess();
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        outputShutdown = true;
        return promise.setSuccess();
    }

    @Override
    public boolean isShutdown() {
        return inputShutdown && outputShutdown;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        inputShutdown = true;
        return shutdownOutput(promise);
    }
}
