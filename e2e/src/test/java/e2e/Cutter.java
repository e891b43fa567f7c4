package e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A proxy between a client and a server that cuts each connection after some bytes of what the
 * server sends: every second one as a proxy that closes it, the others as a network that loses it.
 */
final class Cutter implements AutoCloseable {
    /** The head of a response is not counted, so that each connection brings some of the body. */
    private static final byte[] END_OF_HEAD = {'\r', '\n', '\r', '\n'};

    private final ServerSocket listener;
    private final int target;
    private final int bytes;
    private final int most;
    private final AtomicInteger cuts = new AtomicInteger();

    /**
     * @param bytes after how many bytes it cuts
     * @param most how many connections it cuts; it passes on those after them
     */
    Cutter(int target, int bytes, int most) throws IOException {
        this.target = target;
        this.bytes = bytes;
        this.most = most;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    int cuts() {
        return cuts.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket near = listener.accept();
                Thread.startVirtualThread(() -> connect(near));
            }
        } catch (IOException e) {
            // The test is over: the listener was closed.
        }
    }

    private void connect(Socket near) {
        try (near;
                var far = new Socket(InetAddress.getLoopbackAddress(), target)) {
            Thread.startVirtualThread(() -> request(near, far));
            if (response(far.getInputStream(), near.getOutputStream())) {
                return; // The server has ended it.
            }
            // With a linger time of zero a close sends a reset.
            near.setSoLinger(cuts.get() % 2 == 0, 0);
        } catch (IOException e) {
            // The client or the server has disconnected.
        }
    }

    private static void request(Socket near, Socket far) {
        try {
            near.getInputStream().transferTo(far.getOutputStream());
            far.close(); // The client has left.
        } catch (IOException e) {
            // The connection was cut.
        }
    }

    /** Passes on what the server sends; returns false when it is to be cut. */
    private boolean response(InputStream in, OutputStream out) throws IOException {
        int head = 0;
        int left = bytes;
        for (int next = in.read(); next >= 0; next = in.read()) {
            out.write(next);
            if (head < END_OF_HEAD.length) {
                head = next == END_OF_HEAD[head] ? head + 1 : next == '\r' ? 1 : 0;
            } else if (--left == 0 && cuts.getAndUpdate(n -> Math.min(n + 1, most)) < most) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
