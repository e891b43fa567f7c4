package microdot.netty.proxy;

import java.net.SocketAddress;
import microdot.Headers;
import org.jspecify.annotations.Nullable;

/** The other end of a connection: a client, or a proxy that speaks for its clients. Immutable. */
public final class Peer {
    private final Peers peers;
    private final SocketAddress address;
    private final String scheme;
    private final boolean trusted;
    private final boolean loopback;
    private final boolean checked;

    /**
     * @param trusted whether it is a proxy whose word about its clients is believed
     * @param loopback whether the local address of the connection is a loopback address
     */
    Peer(Peers peers, SocketAddress address, String scheme, boolean trusted, boolean loopback) {
        this.peers = peers;
        this.address = address;
        this.scheme = scheme;
        this.trusted = trusted;
        this.loopback = loopback;
        this.checked = peers.hosts().concern(loopback);
    }

    /** Returns the address. */
    public SocketAddress address() {
        return address;
    }

    /**
     * Returns which client sent a request with these fields.
     *
     * @param host the valid host that the request names, or null
     */
    public RequestOrigin origin(Headers headers, @Nullable String host) {
        var direct = new RequestOrigin(address, scheme, host);
        return trusted ? ForwardedFields.read(headers, peers.trusted(), direct) : direct;
    }

    /** Returns why a request for this host is rejected; null if it is not. */
    public @Nullable String hostFault(@Nullable String host) {
        return checked ? peers.hosts().fault(host, loopback) : null;
    }
}
