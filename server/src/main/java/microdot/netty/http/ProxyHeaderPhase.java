package microdot.netty.http;

import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import microdot.netty.limits.ConnectionLimits;
import microdot.netty.limits.OncePerMinute;
import microdot.netty.proxy.Peer;
import microdot.netty.proxy.Peers;

/**
 * The connection must begin with a PROXY header. Requests follow it; without it the connection is
 * closed.
 */
final class ProxyHeaderPhase implements ConnectionPhase {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final HttpConnection connection;
    private final Rules rules;
    private final Requests requests;
    private final long since = System.nanoTime();
    private boolean refused;

    /**
     * What all connections of a server share.
     *
     * @param refusals counts connections that were closed
     */
    record Rules(Peers peers, ConnectionLimits limits, OncePerMinute refusals) {
        /** Returns whether a connection may begin with a header; closes it if not. */
        boolean admit(DuplexChannel channel) {
            boolean trusted = peers.mayProxy(channel);
            if (!trusted) {
                close(channel, "it did not come from one of trustedProxies");
            }
            return trusted;
        }

        private void close(DuplexChannel channel, String reason) {
            SocketAddress other = channel.remoteAddress();
            channel.close();
            long count = refusals.due(System.nanoTime());
            if (count > 0) {
                LOG.log(
                        Level.WARNING,
                        "a connection of "
                                + other
                                + " was closed, because "
                                + reason
                                + " (proxyProtocol); closed since the last entry: "
                                + count);
            }
        }
    }

    /** What follows the header: the pipeline of requests, and their phase. */
    interface Requests {
        void begin(HttpConnection connection, Peer peer);
    }

    ProxyHeaderPhase(HttpConnection connection, Rules rules, Requests requests) {
        this.connection = connection;
        this.rules = rules;
        this.requests = requests;
    }

    @Override
    public void read(Object message) {
        if (!(message instanceof HAProxyMessage header) || refused) {
            return;
        }
        Peer peer = rules.peers().of(connection.channel(), header);
        if (peer == null) {
            refuse("its PROXY header is malformed");
        } else if (enter(peer)) {
            requests.begin(connection, peer);
        } else {
            connection.channel().close();
        }
    }

    /**
     * Counts the connection for its client, because the address was unknown when it was accepted.
     */
    private boolean enter(Peer peer) {
        InetAddress client =
                peer.address() instanceof InetSocketAddress inet ? inet.getAddress() : null;
        if (client == null) {
            return true;
        }
        boolean allowed = rules.limits().enter(client);
        if (allowed) {
            connection.channel().closeFuture().addListener(done -> rules.limits().leave(client));
        }
        return allowed;
    }

    @Override
    public boolean failed(Throwable cause) {
        boolean malformed = cause instanceof DecoderException;
        if (malformed) {
            refuse("its PROXY header is missing, malformed or too long");
        }
        return malformed;
    }

    private void refuse(String reason) {
        if (refused) {
            return;
        }
        refused = true;
        rules.close(connection.channel(), reason);
    }

    /** Checks of proxies open a connection and close it. */
    @Override
    public void inputClosed() {
        connection.channel().close();
    }

    @Override
    public void tick(long now) {
        if (now - since > connection.server().options().headTimeout().toNanos()) {
            refuse("its PROXY header did not arrive within headTimeout");
        }
    }

    @Override
    public void stop() {
        connection.closeWhenFlushed();
    }

    @Override
    public void closed() {}
}
