package microdot.netty.http2;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2FrameLogger;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.logging.LogLevel;
import io.netty.util.AsciiString;
import java.util.List;

/**
 * Has Netty refuse heads with several lengths, also equal ones, as HTTP/1.1 does: a proxy could use
 * another than the server (RFC 9110, section 8.6). Netty's decoder makes one of equal lengths
 * before the server sees them, and a logger of frames is what it lets see a head earlier. It logs
 * nothing. Stateless: all connections share it.
 */
final class HeadLengths extends Http2FrameLogger {
    static final HeadLengths CHECK = new HeadLengths();

    private static final AsciiString LENGTH = AsciiString.cached("content-length");

    private HeadLengths() {
        super(LogLevel.TRACE, HeadLengths.class);
    }

    @Override
    public boolean isEnabled() {
        return false;
    }

    @Override
    public void logHeaders(
            Direction direction,
            ChannelHandlerContext ctx,
            int streamId,
            Http2Headers headers,
            int padding,
            boolean endStream) {
        check(direction, headers);
    }

    @Override
    public void logHeaders(
            Direction direction,
            ChannelHandlerContext ctx,
            int streamId,
            Http2Headers headers,
            int streamDependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean endStream) {
        check(direction, headers);
    }

    private static void check(Direction direction, Http2Headers headers) {
        if (direction == Direction.INBOUND && hasSeveral(headers.getAll(LENGTH))) {
            headers.add(LENGTH, "several"); // No number equals it: Netty refuses them.
        }
    }

    private static boolean hasSeveral(List<CharSequence> lengths) {
        return lengths.size() > 1
                || (lengths.size() == 1 && AsciiString.indexOf(lengths.getFirst(), ',', 0) >= 0);
    }
}
