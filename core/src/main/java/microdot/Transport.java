package microdot;

import java.io.IOException;

/**
 * Brings requests from the network to an application and its responses back. Found with {@link
 * java.util.ServiceLoader}.
 */
public interface Transport {
    /**
     * Starts to listen. Each request is handed to {@link Microdot#handle} on a virtual thread of
     * its own, and the response's body is written as {@link Body} says.
     *
     * @throws IOException when the address cannot be bound; the message names it
     */
    Server start(Microdot app, ServerOptions options) throws IOException;
}
