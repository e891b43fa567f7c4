package microdot.testing;

/** What a test client shares with the clients that it returned. */
final class ClientState {
    final OpenStreams streams = new OpenStreams();
    final VirtualClock clock = new VirtualClock();
    final CookieJar cookies = new CookieJar(clock);
}
