package microdot.testing;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import microdot.sse.Topics;

/** What a test client shares with the clients that it returned. */
final class ClientState {
    final OpenStreams streams = new OpenStreams();
    final VirtualClock clock = new VirtualClock();
    final CookieJar cookies = new CookieJar(clock);
    final Set<Topics> topics = ConcurrentHashMap.newKeySet();
}
