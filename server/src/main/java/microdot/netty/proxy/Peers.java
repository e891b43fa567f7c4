package microdot.netty.proxy;

import io.netty.channel.Channel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.AddressFamily;
import io.netty.handler.codec.haproxy.HAProxySSLTLV;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import microdot.ServerOptions;
import microdot.internal.IpNetworks;
import org.jspecify.annotations.Nullable;

/** Makes the peers of a server from its options. Thread-safe. */
public final class Peers {
    private static final SocketAddress UNNAMED = UnixDomainSocketAddress.of("");

    private final IpNetworks trusted;
    private final boolean unixTrusted;
    private final AllowedHosts hosts;

    /** Creates what a server with these options needs. */
    public Peers(ServerOptions options) {
        List<String> proxies = options.trustedProxies();
        this.trusted = IpNetworks.of(proxies);
        this.unixTrusted = proxies.contains(IpNetworks.UNIX);
        this.hosts = new AllowedHosts(options);
    }

    /** Returns the peer of a connection that begins with a request. */
    public Peer of(Channel channel) {
        return peer(channel, address(channel), "http");
    }

    /** Returns whether a PROXY header of this connection is believed. */
    public boolean mayProxy(Channel channel) {
        return (trusted.isEmpty() && !unixTrusted) || isTrusted(address(channel));
    }

    /**
     * Returns the peer that a PROXY header names: that of the socket if the proxy speaks for
     * itself, or does not say for whom; null if the header names no valid address.
     */
    public @Nullable Peer of(Channel channel, HAProxyMessage header) {
        AddressFamily family = header.proxiedProtocol().addressFamily();
        boolean ip = family == AddressFamily.AF_IPv4 || family == AddressFamily.AF_IPv6;
        if (header.command() == HAProxyCommand.LOCAL || !ip) {
            return of(channel);
        }
        String source = header.sourceAddress();
        InetAddress address = source == null ? null : IpNetworks.address(source);
        if (address == null) {
            return null;
        }
        var client = new InetSocketAddress(address, header.sourcePort());
        return peer(channel, client, isTls(header) ? "https" : "http");
    }

    /** Netty may know none for a client of a unix domain socket. */
    private static SocketAddress address(Channel channel) {
        SocketAddress remote = channel.remoteAddress();
        return remote == null ? UNNAMED : remote;
    }

    private static boolean isTls(HAProxyMessage header) {
        return header.tlvs().stream()
                .anyMatch(tlv -> tlv instanceof HAProxySSLTLV tls && tls.isPP2ClientSSL());
    }

    private Peer peer(Channel channel, SocketAddress remote, String scheme) {
        boolean loopback =
                channel.localAddress() instanceof InetSocketAddress local
                        && local.getAddress().isLoopbackAddress();
        return new Peer(remote, scheme, isTrusted(remote) ? trusted : null, hosts, loopback, null);
    }

    private boolean isTrusted(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                ? trusted.contains(inet.getAddress())
                : unixTrusted;
    }
}
