package microdot.netty.proxy;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Which client sent a request, and what it asked for.
 *
 * @param scheme {@code http} or {@code https}
 * @param host the host, perhaps with a port; null if the client named none
 */
public record RequestOrigin(SocketAddress client, String scheme, @Nullable String host) {}
