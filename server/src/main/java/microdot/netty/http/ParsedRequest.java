package microdot.netty.http;

import microdot.HttpException;
import microdot.Request;
import microdot.netty.body.IncomingBody;
import org.jspecify.annotations.Nullable;

/** What a client sent: a request, or input that is refused without one. */
sealed interface ParsedRequest {
    /** Returns whether the client speaks HTTP/1.1, and so understands a chunked body. */
    boolean http11();

    /** Returns whether the client wants only the head of the response. */
    boolean headOnly();

    /** Returns the estimated memory of the request without its body in bytes. */
    long memory();

    /**
     * A request whose head is whole; its body may still arrive.
     *
     * @param body null if the request has none
     * @param keepAlive whether the client wants to send further requests on the connection
     * @param refusal why its head is refused; null if it is not. It is the last request then
     */
    record Accepted(
            Request request,
            @Nullable IncomingBody body,
            boolean http11,
            boolean keepAlive,
            long memory,
            @Nullable HttpException refusal)
            implements ParsedRequest {
        @Override
        public boolean headOnly() {
            return request.method().equals("HEAD");
        }
    }

    /**
     * Input that cannot be served; the connection is closed after the response.
     *
     * @param accept the field {@code Accept} of the request, if it was read
     */
    record Refused(int status, String reason, boolean headOnly, @Nullable String accept)
            implements ParsedRequest {
        @Override
        public boolean http11() {
            return true;
        }

        @Override
        public long memory() {
            return 0;
        }
    }
}
