package microdot.netty.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import microdot.HttpException;
import microdot.Request;
import microdot.RequestBody;
import microdot.netty.body.IncomingBody;
import microdot.netty.body.NoBody;
import microdot.netty.exchange.Exchange;
import microdot.netty.exchange.Observation;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.ServerContext;
import microdot.netty.limits.RequestMemory;
import microdot.netty.proxy.Peer;
import microdot.netty.proxy.RequestOrigin;
import microdot.netty.stream.OpenStream;

/** Makes requests of the frames of one client, and begins to handle them. On the event loop. */
final class RequestFrames {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final Http2Streams streams;
    private final ServerContext server;
    private final Peer peer;

    RequestFrames(Http2Streams streams, Peer peer) {
        this.streams = streams;
        this.server = streams.server();
        this.peer = peer;
    }

    void headers(int streamId, Http2Headers fields, boolean last) {
        OpenStream open = streams.of(streamId);
        if (open instanceof RequestStream request) {
            request.trailers();
        } else if (open == null) {
            request(streams.stream(streamId), fields, last);
        }
    }

    private void request(Http2Stream stream, Http2Headers fields, boolean last) {
        RequestHead head;
        try {
            head = RequestHead.of(fields, server.options());
        } catch (HttpException e) {
            refuse(stream, e, false);
            return;
        }
        boolean headOnly = head.method().equals("HEAD");
        RequestOrigin origin = peer.origin(head.headers(), head.host());
        String fault = peer.hostFault(origin.host());
        if (fault != null) {
            refuse(stream, new HttpException(421, fault), headOnly);
            return;
        }
        long memory = RequestMemory.of(head.target(), head.headers());
        String accept = head.headers().get("accept");
        var handled = new RequestStream(streams, stream, headOnly, accept, memory);
        streams.become(stream, handled);
        IncomingBody body = last || head.fault() != null ? null : body(handled, head);
        Request request;
        try {
            RequestBody source = body == null ? NoBody.INSTANCE : body;
            request = peer.request(head.method(), head.target(), head.headers(), source, origin);
        } catch (HttpException e) {
            refuse(stream, e, headOnly); // Its target cannot be given to an application.
            return;
        }
        handled.begin(new Exchange(server, request, handled, head.fault()), body);
    }

    private IncomingBody body(RequestStream handled, RequestHead head) {
        int limit = server.options().maxBody();
        return new IncomingBody(handled, head.length(), limit, head.isContinueExpected());
    }

    /** A head was too long to be read at all. */
    void headRefused() {
        Observation.refused(server, peer.address(), 431, 0);
    }

    private void refuse(Http2Stream stream, HttpException fault, boolean headOnly) {
        LOG.log(
                Level.DEBUG,
                () ->
                        "a request of "
                                + peer.address()
                                + " was refused with "
                                + fault.status()
                                + ": "
                                + fault.getMessage());
        OpenedResponse response = OpenedResponse.of(fault);
        long length = headOnly ? 0 : response.length();
        Observation.refused(server, peer.address(), fault.status(), length);
        ResponseStream.begin(streams, stream, response, headOnly, null);
    }

    /** Takes bytes of a body; returns how many of them the windows get back at once. */
    int data(int streamId, ByteBuf bytes, int count, boolean last) {
        OpenStream open = streams.of(streamId);
        if (open instanceof RequestStream request) {
            return request.data(bytes, count, last);
        }
        return open == null ? count : open.drop(count);
    }
}
