package microdot.netty.proxy;

import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import microdot.Headers;
import microdot.Request;
import microdot.RequestBody;
import microdot.internal.IpNetworks;
import org.jspecify.annotations.Nullable;

/** The other end of a connection: a client, or a proxy that speaks for its clients. Immutable. */
public final class Peer {
    private final SocketAddress address;
    private final String scheme;
    private final @Nullable IpNetworks trusted;
    private final AllowedHosts hosts;
    private final boolean loopback;
    private final @Nullable X509Certificate certificate;

    /**
     * @param trusted the proxies whose word about their clients is believed, if this is one of them
     * @param loopback whether the local address of the connection is a loopback address
     */
    Peer(
            SocketAddress address,
            String scheme,
            @Nullable IpNetworks trusted,
            AllowedHosts hosts,
            boolean loopback,
            @Nullable X509Certificate certificate) {
        this.address = address;
        this.scheme = scheme;
        this.trusted = trusted;
        this.hosts = hosts;
        this.loopback = loopback;
        this.certificate = certificate;
    }

    /** Returns the address. */
    public SocketAddress address() {
        return address;
    }

    /**
     * Returns the peer of a connection with TLS.
     *
     * @param client the certificate of the other end; null if it has shown none
     */
    public Peer secured(@Nullable X509Certificate client) {
        return new Peer(address, "https", trusted, hosts, loopback, client);
    }

    /**
     * Returns which client sent a request with these fields.
     *
     * @param host the valid host that the request names, or null
     */
    public RequestOrigin origin(Headers headers, @Nullable String host) {
        var direct = new RequestOrigin(address, scheme, host);
        return trusted == null ? direct : ForwardedFields.read(headers, trusted, direct);
    }

    /** Returns a request of this peer, with its certificate. */
    public Request request(
            String method, String target, Headers headers, RequestBody body, RequestOrigin origin) {
        return new Request(
                method,
                target,
                headers,
                body,
                origin.client(),
                origin.scheme(),
                origin.host(),
                certificate);
    }

    /** Returns why a request for this host is rejected; null if it is not. */
    public @Nullable String hostFault(@Nullable String host) {
        return hosts.fault(host, loopback);
    }
}
