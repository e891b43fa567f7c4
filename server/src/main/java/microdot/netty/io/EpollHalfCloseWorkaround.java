package microdot.netty.io;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;

/**
 * Netty's epoll handler with a workaround for a fault of Netty 4.2.18: a response that is larger
 * than the socket's buffer is truncated if its client has closed its sending side.
 *
 * <p>Netty removes a channel from epoll when it waits for no event: its client has closed its
 * sending side, and nothing waits to be written. When the channel then has to wait until it is
 * writable, Netty modifies the registration that no longer exists, and closes the channel. Here
 * such a channel stays registered, edge-triggered, so that an error is reported once and not
 * forever.
 *
 * <p>Why: docs/decisions/0013-epoll-half-close-workaround.md. {@code EpollHalfCloseWorkaroundTest}
 * fails as soon as Netty has fixed the fault; delete this class then.
 */
final class EpollHalfCloseWorkaround implements IoHandler {
    private final IoHandler epoll;

    private EpollHalfCloseWorkaround(IoHandler epoll) {
        this.epoll = epoll;
    }

    static IoHandlerFactory newHandlerFactory() {
        IoHandlerFactory factory = EpollIoHandler.newFactory();
        return executor -> new EpollHalfCloseWorkaround(factory.newHandler(executor));
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return new KeptRegistration(epoll.register(handle));
    }

    private record KeptRegistration(IoRegistration registration) implements IoRegistration {
        @Override
        public long submit(IoOps ops) {
            return registration.submit(ops.equals(EpollIoOps.NONE) ? EpollIoOps.EPOLLET : ops);
        }

        @Override
        @SuppressWarnings("TypeParameterUnusedInFormals") // The interface declares it so.
        public <T> T attachment() {
            return registration.attachment();
        }

        @Override
        public boolean isValid() {
            return registration.isValid();
        }

        @Override
        public boolean cancel() {
            return registration.cancel();
        }
    }

    @Override
    public void initialize() {
        epoll.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        return epoll.run(context);
    }

    @Override
    public void prepareToDestroy() {
        epoll.prepareToDestroy();
    }

    @Override
    public void destroy() {
        epoll.destroy();
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return epoll.isCompatible(handleType);
    }
}
