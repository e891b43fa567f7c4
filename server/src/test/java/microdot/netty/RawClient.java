package microdot.netty;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A socket, byte for byte: it sends what no well-behaved client would. */
final class RawClient implements AutoCloseable {
    private static final int PATIENCE_MS = 20_000;

    private final Socket socket;
    private final InputStream in;

    RawClient(int port) throws IOException {
        this(port, 0);
    }

    /** With a receive buffer of so many bytes, for a client that shall be full soon. */
    RawClient(int port, int receiveBuffer) throws IOException {
        socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(
                new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), port));
        socket.setSoTimeout(PATIENCE_MS);
        in = socket.getInputStream();
    }

    RawClient send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    RawClient get(String target) throws IOException {
        return send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    /** Reads up to and with the text. */
    String readTo(String text) throws IOException {
        var read = new ByteArrayOutputStream();
        String soFar = "";
        while (!soFar.endsWith(text)) {
            int b = in.read();
            if (b < 0) {
                throw new AssertionError("the connection ended before \"" + text + "\": " + soFar);
            }
            read.write(b);
            soFar = read.toString(StandardCharsets.UTF_8);
        }
        return soFar;
    }

    String readHead() throws IOException {
        return readTo("\r\n\r\n");
    }

    /** Reads up to the end of the connection; a reset is an end too. */
    String readAll() throws IOException {
        var read = new ByteArrayOutputStream();
        try {
            in.transferTo(read);
        } catch (java.net.SocketException reset) {
            read.writeBytes("<reset>".getBytes(StandardCharsets.UTF_8));
        }
        return read.toString(StandardCharsets.UTF_8);
    }

    /** Ends this side and goes on reading. */
    RawClient shutdownOutput() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Closes with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
