package microdot.netty;

/** Frames of HTTP/2. */
final class FrameBytes {
    static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private FrameBytes() {}
}
