package microdot.netty.http2;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Locale;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.ResponseFields;

/** Makes the heads of responses. */
final class ResponseHead {
    private static final AsciiString DATE = AsciiString.cached("date");
    private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");

    private ResponseHead() {}

    /** Returns the head of a response. */
    static Http2Headers of(OpenedResponse opened) {
        // Headers accepts only valid fields: no need to validate them again.
        var head = new DefaultHttp2Headers(false);
        head.status(AsciiString.of(Integer.toString(opened.response().status())));
        ResponseFields.forEach(
                opened.response(),
                (name, value) -> head.add(AsciiString.of(name.toLowerCase(Locale.ROOT)), value));
        head.set(DATE, ResponseFields.date());
        long length = opened.length();
        if (length >= 0 && !opened.isBodiless()) {
            head.setLong(CONTENT_LENGTH, length);
        }
        return head;
    }
}
