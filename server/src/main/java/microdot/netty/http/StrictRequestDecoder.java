package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.util.AsciiString;
import io.netty.util.ByteProcessor;
import java.util.List;
import microdot.netty.exchange.RequestChecks;
import microdot.netty.limits.RequestMemory;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder without its leniency. It refuses input that a proxy and a server could read
 * differently, so that no request can be smuggled past the proxy (RFC 9112, section 11.2).
 */
final class StrictRequestDecoder extends HttpRequestDecoder {
    /** What each header field counts beside its bytes in {@code maxHead}. */
    static final int FIELD_COST = 32;

    private static final short CR_LF = ('\r' << 8) + '\n';

    /** What every decoder may keep for lines while its connection is idle. */
    private static final int KEPT_LINE = 4 << 10;

    private final int maxHead;
    private final int maxFields;
    private int lineBytes; // The request line of the head that is being read.
    private int longestLine; // What Netty's buffer for one line has grown to; it never shrinks.
    private @Nullable ByteBuf decoding; // The buffer that is being decoded.
    private int fieldsFrom; // Where in it the header fields begin that are not yet counted.
    private int fieldBytes; // The header fields so far, in bytes with their line ends.
    private int fields;
    private long firstByteAt;
    private @Nullable ChannelHandlerContext context;
    private boolean paused;
    private boolean inHead = true;
    private boolean inTrailers; // At least one field after the last chunk was read.
    private boolean lineBegun; // A line of the head has begun; empty lines before it are ignored.
    private int wordEnd;
    private int lengths;
    private boolean mayBeHttp2; // Nothing but a part of its preface has arrived.

    StrictRequestDecoder(int maxHead, int maxFields) {
        super(
                new HttpDecoderConfig()
                        .setMaxInitialLineLength(maxHead)
                        .setMaxHeaderSize(maxHead)
                        .setStrictLineParsing(true)
                        .setUseRfc9112TransferEncoding(true));
        this.maxHead = maxHead;
        this.maxFields = maxFields;
        this.mayBeHttp2 = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) throws Exception {
        if (firstByteAt == 0 && msg instanceof ByteBuf bytes && isBegun(bytes)) {
            firstByteAt = System.nanoTime();
        }
        super.channelRead(ctx, msg);
    }

    /** Empty lines after a request do not begin the next one (RFC 9112, section 2.2). */
    private static boolean isBegun(ByteBuf bytes) {
        return bytes.forEachByte(ByteProcessor.FIND_NON_CRLF) >= 0;
    }

    /**
     * Returns when the first byte of an unfinished request arrived, from {@link System#nanoTime}; 0
     * if there is none.
     */
    long firstByteAt() {
        return firstByteAt;
    }

    /** Stops decoding after the current request, until {@link #resume}. */
    void pause() {
        paused = true;
    }

    /** Decodes what was left. */
    void resume() {
        ChannelHandlerContext ctx = context;
        if (paused && ctx != null && !ctx.isRemoved()) {
            paused = false;
            try {
                super.channelRead(ctx, Unpooled.EMPTY_BUFFER);
                super.channelReadComplete(ctx);
            } catch (Exception e) {
                ctx.fireExceptionCaught(e);
            }
        }
    }

    /** Releases what was not decoded: passes it on, and leaves the pipeline. */
    void remove() {
        ChannelHandlerContext ctx = context;
        // Within its own removal, in which it passes on the rest, it is no longer in the pipeline.
        if (ctx != null && ctx.pipeline().context(this) != null) {
            ctx.pipeline().remove(this);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
        forgetHead();
        longestLine = 0;
        super.handlerRemoved0(ctx);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event instanceof ChannelInputShutdownEvent) {
            paused = false; // What was left is decoded now or never.
        }
        super.userEventTriggered(ctx, event);
    }

    /** Returns the estimated memory, in bytes, of input that is not yet a request. */
    long memory() {
        long unread = actualReadableBytes();
        // A buffer is not shrunk when its bytes are read.
        long buffered = unread == 0 ? 0 : Math.max(unread, internalBuffer().capacity());
        return buffered
                + (longestLine > KEPT_LINE ? longestLine : 0)
                + (inHead ? RequestMemory.ofHead(lineBytes, fields, fieldBytes) : 0);
    }

    /**
     * Returns the decoder for the next requests, which is in the pipeline: this one, or a new one
     * if this one would keep a long buffer while the connection is idle.
     */
    StrictRequestDecoder renewed() {
        ChannelHandlerContext ctx = context;
        boolean begun = firstByteAt != 0 || lineBytes > 0 || actualReadableBytes() > 0;
        if (begun
                || longestLine <= KEPT_LINE
                || ctx == null
                || ctx.pipeline().context(this) == null) {
            return this;
        }
        var fresh = new StrictRequestDecoder(maxHead, maxFields);
        fresh.mayBeHttp2 = false;
        ctx.pipeline().replace(this, null, fresh);
        return fresh;
    }

    /** Restarts the time with the next byte, because a request is whole. */
    void restart() {
        boolean begun = actualReadableBytes() > 0 && isBegun(internalBuffer());
        firstByteAt = begun ? System.nanoTime() : 0;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf buffer, List<Object> out)
            throws Exception {
        if ((paused && inHead) || (mayBeHttp2 && isHttp2(buffer, out))) {
            return;
        }
        if (inHead && !lineBegun) {
            skipEmptyLines(buffer);
            if (isHalfALineEnd(buffer)) {
                return; // Netty would skip it, whatever follows.
            }
        }
        if (inHead && ((!lineBegun && beginsWithLineEnd(buffer)) || isFolded(buffer))) {
            refuse(createInvalidMessage(), buffer, out);
            return;
        }
        if (inTrailers && buffer.isReadable() && isFold(buffer.getByte(buffer.readerIndex()))) {
            refuse(new DefaultLastHttpContent(), buffer, out);
            return;
        }
        int before = out.size();
        decoding = buffer;
        fieldsFrom = buffer.readerIndex();
        try {
            super.decode(ctx, buffer, out);
        } finally {
            fieldBytes += inHead ? buffer.readerIndex() - fieldsFrom : 0;
            decoding = null;
        }
        if (out.size() > before) {
            inHead = out.getLast() instanceof LastHttpContent;
            lineBegun = false;
            if (inHead) {
                inTrailers = false;
                forgetHead();
            }
        }
    }

    private static void refuse(HttpObject part, ByteBuf buffer, List<Object> out) {
        buffer.skipBytes(buffer.readableBytes());
        part.setDecoderResult(
                DecoderResult.failure(
                        new IllegalArgumentException(
                                "a line that begins with white space or half a line end")));
        out.add(part);
    }

    /** Skips empty lines before a request (RFC 9112, section 2.2). */
    private static void skipEmptyLines(ByteBuf buffer) {
        while (buffer.readableBytes() > 1 && buffer.getShort(buffer.readerIndex()) == CR_LF) {
            buffer.skipBytes(2);
        }
    }

    private static boolean isHalfALineEnd(ByteBuf buffer) {
        return buffer.readableBytes() == 1 && buffer.getByte(buffer.readerIndex()) == '\r';
    }

    /** Whether a CR or an LF is alone. Netty ignores any number of both. */
    private static boolean beginsWithLineEnd(ByteBuf buffer) {
        byte first = buffer.isReadable() ? buffer.getByte(buffer.readerIndex()) : 0;
        return first == '\r' || first == '\n';
    }

    /** Returns whether a preface of HTTP/2 has begun; passes it on when it is whole. */
    private boolean isHttp2(ByteBuf buffer, List<Object> out) {
        int matching = Http2Preface.matching(buffer);
        mayBeHttp2 = matching >= 0;
        if (Http2Preface.isWhole(matching)) {
            out.add(new Http2Preface(buffer.readRetainedSlice(buffer.readableBytes())));
        }
        return mayBeHttp2;
    }

    /** The next head has not begun, and nothing of the last one is kept here. */
    private void forgetHead() {
        lineBytes = 0;
        fields = 0;
        fieldBytes = 0;
    }

    /**
     * Whether a line of the head begins with white space. This old way to continue the previous
     * line is read in three ways: as a continuation, as its own field, or not at all. The decoder
     * takes whole lines, so the buffer begins with one.
     */
    private boolean isFolded(ByteBuf buffer) {
        int end = buffer.writerIndex();
        for (int line = buffer.readerIndex(); line < end; ) {
            byte first = buffer.getByte(line);
            if (isFold(first)) {
                return true;
            }
            int lineFeed = buffer.indexOf(line, end, (byte) '\n');
            boolean empty = first == '\r' && lineFeed == line + 1;
            if (lineFeed < 0 || (empty && lineBegun)) {
                return false;
            }
            lineBegun |= !empty;
            line = lineFeed + 1;
        }
        return false;
    }

    private static boolean isFold(byte first) {
        return first == ' ' || first == '\t';
    }

    @Override
    protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
        longestLine = line.length; // The whole buffer.
        wordEnd = start + length;
        return super.splitFirstWordInitialLine(line, start, length);
    }

    @Override
    protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
        checkSpace(line, start);
        wordEnd = start + length;
        return super.splitSecondWordInitialLine(line, start, length);
    }

    @Override
    protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
        checkSpace(line, start);
        return super.splitThirdWordInitialLine(line, start, length);
    }

    private void checkSpace(byte[] line, int start) {
        if (start != wordEnd + 1 || line[wordEnd] != ' ') {
            throw new IllegalArgumentException("request line (expected: single spaces)");
        }
    }

    @Override
    protected AsciiString splitHeaderName(byte[] line, int start, int length) {
        longestLine = line.length;
        countField();
        if (!inHead) {
            checkTrailer();
        }
        AsciiString name = super.splitHeaderName(line, start, length);
        // In HTTP/1.0 the decoder would take the first of several.
        if (HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name) && ++lengths > 1) {
            throw new IllegalArgumentException("Content-Length: several (expected: one)");
        }
        return name;
    }

    /**
     * Netty does not look at the values of some trailers, and would take a next line that begins
     * with white space for a part of this one.
     */
    private void checkTrailer() {
        inTrailers = true;
        ByteBuf lines = decoding;
        if (lines == null) {
            return;
        }
        int next = lines.readerIndex();
        for (int at = next - 3; at >= fieldsFrom && lines.getByte(at) != '\n'; at--) {
            if (isControl(lines.getByte(at))) {
                throw new IllegalArgumentException("a trailer with a control character");
            }
        }
        if (lines.isReadable() && isFold(lines.getByte(next))) {
            throw new IllegalArgumentException("a trailer that begins with white space");
        }
    }

    private static boolean isControl(byte value) {
        return (value >= 0 && value < ' ' && value != '\t') || value == 0x7F;
    }

    /** Counts the field that was just read. Trailers are counted like the fields of the head. */
    private void countField() {
        fields++;
        if (fields > maxFields) {
            throw new TooLongHttpHeaderException(
                    "more than " + maxFields + " header fields (maxFields)");
        }
        int read = decoding == null ? 0 : decoding.readerIndex() - fieldsFrom;
        if (inHead && (long) fieldBytes + read + (long) fields * FIELD_COST > maxHead) {
            throw new TooLongHttpHeaderException(
                    "header fields of more than "
                            + maxHead
                            + " bytes, with "
                            + FIELD_COST
                            + " for each field (maxHead)");
        }
    }

    @Override
    protected HttpMessage createMessage(String[] line) throws Exception {
        if (!line[2].equals("HTTP/1.1") && !line[2].equals("HTTP/1.0")) {
            if (!line[2].matches("HTTP/\\d\\.\\d")) {
                throw new IllegalArgumentException("no request line");
            }
            throw new UnsupportedVersion(line[2]);
        }
        if (!RequestChecks.isTarget(line[1])) {
            throw new IllegalArgumentException("target (expected: ASCII, without a fragment)");
        }
        lengths = 0;
        forgetHead();
        lineBytes = line[0].length() + line[1].length() + line[2].length();
        if (decoding != null) {
            fieldsFrom = decoding.readerIndex(); // After the request line.
        }
        return super.createMessage(line);
    }

    /** Refuses both lengths at once: Netty would ignore the one, another server the other. */
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
