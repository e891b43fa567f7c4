package microdot.netty;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A socket, plain or with TLS, that sends any bytes, also those that no well-behaved client would
 * send.
 */
final class RawClient implements AutoCloseable {
    static final String RESET = "<reset>";
    private static final int PATIENCE_MS = 20_000;
    private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: (\\d+)\r\n");

    /** Changes the TLS of a client before its handshake. */
    interface Setup {
        void of(SSLSocket socket);
    }

    private final Socket plain;
    private final Socket socket;
    private final InputStream in;

    RawClient(int port) throws IOException {
        this(port, 0);
    }

    /** With a receive buffer of the given size, so that backpressure comes soon. */
    RawClient(int port, int receiveBuffer) throws IOException {
        this(port, receiveBuffer, null, client -> {});
    }

    /**
     * With TLS if the context is not null. The handshake waits for the first byte that is sent or
     * read.
     */
    RawClient(int port, int receiveBuffer, @Nullable SSLContext context, Setup setup)
            throws IOException {
        plain = new Socket();
        if (receiveBuffer > 0) {
            plain.setReceiveBufferSize(receiveBuffer);
        }
        plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        plain.setSoTimeout(PATIENCE_MS);
        if (context == null) {
            socket = plain;
        } else {
            var secured =
                    (SSLSocket)
                            context.getSocketFactory().createSocket(plain, "localhost", port, true);
            setup.of(secured);
            socket = secured;
        }
        // A buffered stream would read ahead, and so take bytes that should cause backpressure.
        in =
                receiveBuffer > 0
                        ? socket.getInputStream()
                        : new BufferedInputStream(socket.getInputStream());
    }

    RawClient send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    RawClient get(String target) throws IOException {
        return send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }

    /** Reads up to and including the text. */
    String readTo(String text) throws IOException {
        var read = new StringBuilder();
        while (read.length() < text.length()
                || read.indexOf(text, read.length() - text.length()) < 0) {
            int b = in.read();
            if (b < 0) {
                throw new AssertionError("the connection ended before \"" + text + "\": " + read);
            }
            read.append((char) b);
        }
        return read.toString();
    }

    /** Returns whether bytes of the server have arrived. */
    boolean hasInput() throws IOException {
        return in.available() > 0;
    }

    String readHead() throws IOException {
        return readTo("\r\n\r\n");
    }

    /** Reads the next response and returns its body, by its length. */
    byte[] readBody() throws IOException {
        String head = readHead();
        Matcher length = LENGTH.matcher(head.toLowerCase(Locale.ROOT));
        if (!length.find()) {
            throw new AssertionError("no Content-Length: " + head);
        }
        return in.readNBytes(Integer.parseInt(length.group(1)));
    }

    /** Reads this many bytes, or fewer if the connection ends; returns how many. */
    long skipBody(int length) throws IOException {
        return in.readNBytes(length).length;
    }

    /** Reads this many bytes, or fewer if the connection ends. */
    byte[] read(int length) throws IOException {
        return in.readNBytes(length);
    }

    String readText() throws IOException {
        return new String(readBody(), StandardCharsets.UTF_8);
    }

    /** Reads up to the end of the connection; a reset appends {@link #RESET}. */
    String readAll() throws IOException {
        var read = new ByteArrayOutputStream();
        try {
            in.transferTo(read);
        } catch (SocketException | SSLException reset) {
            read.writeBytes(RESET.getBytes(StandardCharsets.UTF_8));
        }
        return read.toString(StandardCharsets.UTF_8);
    }

    /** Closes the sending side; reading continues. */
    RawClient shutdownOutput() throws IOException {
        try {
            plain.shutdownOutput(); // With TLS, without a close_notify: that would end both sides.
        } catch (SocketException alreadyEnded) {
            // The server was faster.
        }
        return this;
    }

    /** Closes with a reset. */
    void reset() throws IOException {
        plain.setSoLinger(true, 0);
        plain.close();
    }

    /** Closes the socket without a close_notify. */
    void truncate() throws IOException {
        plain.close();
    }

    SSLSocket socket() {
        return (SSLSocket) socket;
    }

    /** Returns what the handshake has agreed on. */
    SSLSession tls() {
        return socket().getSession();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
