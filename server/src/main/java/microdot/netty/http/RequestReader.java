package microdot.netty.http;

import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import microdot.Headers;
import microdot.HttpException;
import microdot.Request;
import microdot.RequestBody;
import microdot.internal.Quoted;
import microdot.netty.body.IncomingBody;
import microdot.netty.body.NoBody;
import microdot.netty.exchange.RequestChecks;
import microdot.netty.limits.RequestMemory;
import microdot.netty.proxy.HostField;
import microdot.netty.proxy.Peer;
import microdot.netty.proxy.RequestOrigin;
import org.jspecify.annotations.Nullable;

/**
 * Makes requests from the heads that Netty's decoder gives, and hands each body on as it arrives.
 * Confined to its event loop.
 */
final class RequestReader {
    // Field names as browsers and proxies write them: all requests share one String for each.
    private static final Map<AsciiString, String> COMMON =
            Stream.of(
                            "Host",
                            "Connection",
                            "Accept",
                            "Accept-Encoding",
                            "Accept-Language",
                            "Cache-Control",
                            "Content-Length",
                            "Content-Type",
                            "Cookie",
                            "Last-Event-ID",
                            "Origin",
                            "Pragma",
                            "Referer",
                            "Sec-Fetch-Dest",
                            "Sec-Fetch-Mode",
                            "Sec-Fetch-Site",
                            "User-Agent",
                            "X-Forwarded-For",
                            "X-Forwarded-Proto")
                    .collect(Collectors.toUnmodifiableMap(AsciiString::cached, name -> name));

    private static final Pattern WHOLE_URL = Pattern.compile("(?i)https?://([^/?]*)");

    private final int maxBody;
    private final Peer peer;
    private final IncomingBody.Connection connection;
    private @Nullable HttpRequest head; // Null between two requests.
    private @Nullable IncomingBody body; // Of that request, if it has one.
    private boolean refused;

    RequestReader(int maxBody, Peer peer, IncomingBody.Connection connection) {
        this.maxBody = maxBody;
        this.peer = peer;
        this.connection = connection;
    }

    /** Returns whether the end of a request is still to come. */
    boolean isInRequest() {
        return head != null;
    }

    /** Returns the body that is arriving; null if none is. */
    @Nullable IncomingBody body() {
        return body;
    }

    /** Returns whether all further input is ignored. */
    boolean isRefused() {
        return refused;
    }

    /**
     * Reads the next part. Returns a request when its head is read, and null for what follows the
     * head. After a refusal all input is ignored.
     */
    @Nullable ParsedRequest read(HttpObject part) {
        if (refused) {
            return null;
        }
        if (part.decoderResult().isFailure()) {
            return fail(part.decoderResult(), part);
        }
        ParsedRequest request = part instanceof HttpRequest parsed ? begin(parsed) : null;
        if (!refused && part instanceof HttpContent content) {
            append(content);
        }
        return request;
    }

    private ParsedRequest begin(HttpRequest request) {
        head = request;
        body = null;
        try {
            checkHost(request);
            checkLength(request);
            checkExpectation(request);
            return accept(request);
        } catch (HttpException e) {
            return refused(request, e);
        }
    }

    /**
     * Refuses a request of which at least the request line is known: the application may have an
     * error handler for it. Everything after it is ignored.
     */
    private ParsedRequest refused(HttpRequest request, HttpException refusal) {
        ParsedRequest.Refused unrouted =
                refuse(refusal.status(), String.valueOf(refusal.getMessage()));
        try {
            Headers headers = headers(request);
            String host = host(request);
            boolean valid = host != null && HostField.isValid(host);
            RequestOrigin origin = peer.origin(headers, valid ? host : null);
            if (peer.hostFault(origin.host()) != null) {
                return unrouted; // Perhaps of a page that must not read this server.
            }
            Request known = request(request, headers, NoBody.INSTANCE, origin);
            return new ParsedRequest.Accepted(known, null, isHttp11(request), false, 0, refusal);
        } catch (HttpException malformed) {
            return unrouted; // Its target or a field cannot be given to an application.
        }
    }

    private ParsedRequest accept(HttpRequest request) {
        Headers headers = headers(request);
        RequestOrigin origin = peer.origin(headers, host(request));
        String fault = peer.hostFault(origin.host());
        if (fault != null) {
            return refuse(421, fault);
        }
        long length =
                HttpUtil.isTransferEncodingChunked(request)
                        ? -1
                        : HttpUtil.getContentLength(request, 0L);
        IncomingBody incoming = null;
        if (length != 0) {
            boolean expectation = HttpUtil.is100ContinueExpected(request);
            incoming = new IncomingBody(connection, length, maxBody, expectation);
        }
        RequestBody source = incoming == null ? NoBody.INSTANCE : incoming;
        Request accepted = request(request, headers, source, origin);
        body = incoming;
        boolean keepAlive = HttpUtil.isKeepAlive(request);
        long memory = RequestMemory.of(request.uri(), accepted.headers());
        return new ParsedRequest.Accepted(
                accepted, incoming, isHttp11(request), keepAlive, memory, null);
    }

    private Request request(
            HttpRequest head, Headers headers, RequestBody body, RequestOrigin origin) {
        return peer.request(head.method().name(), head.uri(), headers, body, origin);
    }

    private static void checkHost(HttpRequest request) {
        List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1 || (isHttp11(request) && hosts.isEmpty())) {
            throw new HttpException(400, "Host: " + hosts.size() + " fields (expected: one)");
        }
        String host = host(request);
        if (host != null && !HostField.isValid(host)) {
            throw new HttpException(
                    400,
                    "Host: "
                            + Quoted.of(host)
                            + " (expected: a name or an address, perhaps with a port)");
        }
        // Both must name the same host: a proxy could use the one, and a server the other.
        if (!request.uri().startsWith("/") && !hosts.isEmpty()) {
            Matcher whole = WHOLE_URL.matcher(request.uri());
            if (whole.lookingAt() && !whole.group(1).equalsIgnoreCase(host)) {
                throw new HttpException(
                        400,
                        "Host: "
                                + Quoted.of(String.valueOf(host))
                                + " (expected: the host of the request line, "
                                + Quoted.of(whole.group(1))
                                + ")");
            }
        }
    }

    /** Returns the host of the field or, in HTTP/1.0 without one, of the request line; or null. */
    private static @Nullable String host(HttpRequest request) {
        String field = request.headers().get(HttpHeaderNames.HOST);
        if (field != null || request.uri().startsWith("/")) {
            return field;
        }
        Matcher whole = WHOLE_URL.matcher(request.uri());
        return whole.lookingAt() ? whole.group(1) : null;
    }

    /** Refuses what the decoder accepts although two servers could disagree where the body ends. */
    private static void checkLength(HttpRequest request) {
        HttpHeaders headers = request.headers();
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        boolean http11 = isHttp11(request);
        boolean chunked =
                codings.size() == 1 && codings.getFirst().equalsIgnoreCase("chunked") && http11;
        if (!codings.isEmpty() && !chunked) {
            throw new HttpException(
                    http11 ? 501 : 400,
                    "Transfer-Encoding: " + codings + " (expected: chunked, in HTTP/1.1)");
        }
        // For this field of a WebSocket draft the decoder expects eight bytes of body, and no other
        // server does.
        if (headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY1)) {
            throw new HttpException(400, "Sec-WebSocket-Key1 (expected: no such field)");
        }
    }

    private static void checkExpectation(HttpRequest request) {
        if (isHttp11(request)) {
            RequestChecks.expectation(request.headers().get(HttpHeaderNames.EXPECT));
        }
    }

    private static boolean isHttp11(HttpRequest request) {
        return request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    }

    private void append(HttpContent content) {
        IncomingBody incoming = body;
        boolean last = content instanceof LastHttpContent;
        if (incoming != null) {
            incoming.append(content.content());
            if (last) {
                incoming.end();
            }
        }
        if (last) {
            head = null;
            body = null;
        }
    }

    private static Headers headers(HttpRequest request) {
        var headers = new Headers();
        Iterator<Map.Entry<CharSequence, CharSequence>> fields =
                request.headers().iteratorCharSequence();
        while (fields.hasNext()) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            AsciiString name = AsciiString.of(field.getKey());
            String common = COMMON.get(name);
            try {
                headers.add(common == null ? name.toString() : common, field.getValue().toString());
            } catch (IllegalArgumentException e) {
                throw new HttpException(400, String.valueOf(e.getMessage()));
            }
        }
        return headers;
    }

    private @Nullable ParsedRequest fail(DecoderResult result, HttpObject part) {
        IncomingBody incoming = body;
        HttpException fault = fault(result, part instanceof HttpRequest);
        String reason = String.valueOf(fault.getMessage());
        if (incoming != null) {
            refuse(fault.status(), reason);
            // Its request is accepted already, and its handler answers.
            incoming.fail(fault.status(), reason);
            return null;
        }
        // In place of a request line that it could not read, Netty gives a whole request.
        return part instanceof HttpRequest request && !(part instanceof FullHttpRequest)
                ? refused(request, fault)
                : refuse(fault.status(), reason);
    }

    private static HttpException fault(DecoderResult result, boolean inHead) {
        Throwable cause = result.cause();
        return switch (cause) {
            // Outside the head, the line of a chunk's size was too long.
            case TooLongHttpLineException e when inHead ->
                    new HttpException(414, "the request line is too long");
            case TooLongHttpHeaderException e -> new HttpException(431, tooLong(e));
            case StrictRequestDecoder.UnsupportedVersion e ->
                    new HttpException(505, String.valueOf(e.getMessage()));
            default -> new HttpException(400, "malformed request");
        };
    }

    /** Netty's own message does not name the option. */
    private static String tooLong(TooLongHttpHeaderException failure) {
        String text = String.valueOf(failure.getMessage());
        return text.endsWith(")") ? text : "a header field that is too long (maxHead)";
    }

    /** Refuses the request that is being read, and ignores everything after it. */
    ParsedRequest.Refused refuse(int status, String reason) {
        boolean headOnly = head != null && head.method().equals(HttpMethod.HEAD);
        String accept = head == null ? null : head.headers().get(HttpHeaderNames.ACCEPT);
        refused = true;
        head = null;
        body = null;
        return new ParsedRequest.Refused(status, reason, headOnly, accept);
    }
}
