package e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A proxy that forwards an event stream only once it has ended, as some proxies do; other responses
 * at once. Each connection has one request.
 */
final class Buffering implements AutoCloseable {
    /** How many requests asked for an event stream. */
    final AtomicInteger streams = new AtomicInteger();

    private final ServerSocket listener;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    Buffering(int target) throws IOException {
        this.target = target;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket near = listener.accept();
                sockets.add(near);
                Thread.startVirtualThread(() -> forward(near));
            }
        } catch (IOException e) {
            // The test is over: the listener was closed.
        }
    }

    private void forward(Socket near) {
        try (near;
                var far = new Socket(InetAddress.getLoopbackAddress(), target)) {
            sockets.add(far);
            String head = head(near.getInputStream());
            String last = head.replaceFirst("(?i)\r\nConnection: keep-alive", "");
            far.getOutputStream().write(last.getBytes(StandardCharsets.ISO_8859_1));
            Thread.startVirtualThread(() -> leaveWith(near, far));
            if (head.toLowerCase(Locale.ROOT).contains("text/event-stream")) {
                streams.incrementAndGet();
                near.getOutputStream().write(far.getInputStream().readAllBytes());
            } else {
                far.getInputStream().transferTo(near.getOutputStream());
            }
        } catch (IOException e) {
            // One of them has left.
        }
    }

    /** The server notices that the client has left. */
    private static void leaveWith(Socket near, Socket far) {
        try (far) {
            while (near.getInputStream().read() >= 0) {
                // A client that waits for its response sends nothing.
            }
        } catch (IOException e) {
            // Left with a reset.
        }
    }

    /** Returns the head of the request, with the wish that the server closes afterwards. */
    private static String head(InputStream in) throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.write(next);
        }
        String text = head.toString(StandardCharsets.ISO_8859_1);
        return text.substring(0, text.length() - 2) + "Connection: close\r\n\r\n";
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
