package microdot.netty;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;

/**
 * Netty's decoder without its leniency: what two servers in a row could read differently is
 * refused, so that nobody smuggles a request past the first (RFC 9112, section 11.2).
 */
final class StrictRequestDecoder extends HttpRequestDecoder {
    private long firstByteAt;

    StrictRequestDecoder(int maxHead) {
        super(
                new HttpDecoderConfig()
                        .setMaxInitialLineLength(maxHead)
                        .setMaxHeaderSize(maxHead)
                        .setStrictLineParsing(true)
                        .setUseRfc9112TransferEncoding(true));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) throws Exception {
        if (firstByteAt == 0) {
            firstByteAt = System.nanoTime();
        }
        super.channelRead(ctx, msg);
    }

    /**
     * When the first byte came that no request was yet made of, by {@link System#nanoTime}; 0 for
     * none.
     */
    long firstByteAt() {
        return firstByteAt;
    }

    /** What came has become a request: the time begins anew with the next byte. */
    void restart() {
        firstByteAt = 0;
    }

    @Override
    protected HttpMessage createMessage(String[] line) throws Exception {
        if (!line[2].equals("HTTP/1.1") && !line[2].equals("HTTP/1.0")) {
            if (!line[2].matches("HTTP/\\d\\.\\d")) {
                throw new IllegalArgumentException("no request line");
            }
            throw new UnsupportedVersion(line[2]);
        }
        return super.createMessage(line);
    }

    /** Both lengths at once: Netty would drop the one, and another server the other. */
    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw new IllegalArgumentException("Content-Length beside Transfer-Encoding");
    }

    static final class UnsupportedVersion extends Exception {
        private static final long serialVersionUID = 1;

        UnsupportedVersion(String version) {
            super("version: " + version + " (expected: HTTP/1.1 or HTTP/1.0)");
        }
    }
}
