package e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * A proxy between a client and a server, as {@link Cable}, that can be down for as long as the test
 * wants: unplugged or stalled.
 */
final class Link implements AutoCloseable {
    /** A small buffer, so that the server soon notices a stall. */
    private static final int BUFFER = 16 << 10;

    private final ServerSocket listener;
    private final int target;
    private final Set<Socket> sockets = new HashSet<>();
    private boolean plugged = true;
    private volatile CountDownLatch flowing = new CountDownLatch(0);

    Link(int target) throws IOException {
        this.target = target;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Resets the open connections, and new connections until it is plugged in again. */
    synchronized void unplug() {
        plugged = false;
        sockets.forEach(Link::reset);
        sockets.clear();
    }

    synchronized void plug() {
        plugged = true;
    }

    /** Forwards nothing that the server sends until {@link #flow}. */
    void stall() {
        flowing = new CountDownLatch(1);
    }

    void flow() {
        flowing.countDown();
    }

    private void accept() {
        try {
            while (true) {
                Socket near = listener.accept();
                if (keep(near)) {
                    Thread.startVirtualThread(() -> connect(near));
                }
            }
        } catch (IOException e) {
            // The test is over: the listener was closed.
        }
    }

    private synchronized boolean keep(Socket socket) {
        if (plugged) {
            sockets.add(socket);
        } else {
            reset(socket);
        }
        return plugged;
    }

    private void connect(Socket near) {
        var far = new Socket();
        try {
            far.setReceiveBufferSize(BUFFER);
            far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
            if (keep(far)) {
                Thread.startVirtualThread(() -> carry(near, far, false));
                carry(far, near, true);
            }
        } catch (IOException e) {
            reset(near);
            reset(far);
        }
    }

    private void carry(Socket from, Socket to, boolean stalls) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            var bytes = new byte[BUFFER];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                if (stalls) {
                    flowing.await();
                }
                out.write(bytes, 0, read);
            }
            to.shutdownOutput();
        } catch (IOException | InterruptedException e) {
            reset(from);
            reset(to);
        }
    }

    private static void reset(Socket socket) {
        try {
            // With a linger time of zero a close sends a reset, as a network does that has lost the
            // connection.
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // Closed already.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        unplug();
        flow();
    }
}
