package microdot.stores;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Passes bytes between a store and its engine until a test cuts, holds, drops or redirects them.
 */
public final class TcpProxy implements AutoCloseable {
    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicReference<@Nullable String> lostRequest = new AtomicReference<>();
    private final AtomicReference<@Nullable String> lostReply = new AtomicReference<>();
    private final AtomicReference<@Nullable String> deafened = new AtomicReference<>();
    private volatile int target;
    private volatile CountDownLatch cut = new CountDownLatch(1);
    private volatile CountDownLatch held = new CountDownLatch(0);
    private volatile boolean deaf;
    private volatile long delay;

    /** One connection. */
    private static final class Line {
        volatile boolean endsBeforeReply;
        volatile boolean deaf;
    }

    /**
     * @param target a port of this machine
     */
    public TcpProxy(int target) {
        this.target = target;
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread(this::accept);
    }

    /** The port to connect to, of this machine. */
    public int port() {
        return server.getLocalPort();
    }

    /** Ends all connections; new ones go to another port. */
    public void to(int port) {
        target = port;
        cut();
    }

    /** Ends all connections; new ones work. */
    public void cut() {
        open.forEach(TcpProxy::close);
        open.clear();
        deaf = false;
    }

    /** What the server sends is dropped from now on, until all connections are cut. */
    public void deafen() {
        deaf = true;
    }

    /** The same for one connection only: that of the next request that has this text. */
    public void deafen(String marked) {
        deafened.set(marked);
    }

    /** Bytes do not arrive from now on, and neither end can notice it; connecting works. */
    public void hold() {
        held = new CountDownLatch(1);
    }

    /** What was held arrives, and what comes later. */
    public void release() {
        held.countDown();
    }

    /** What is sent arrives so much later from now on. */
    public void delay(Duration time) {
        delay = time.toNanos();
    }

    /** The next request that has this text does not reach the server; all connections end. */
    public void cutBeforeRequest(String marked) {
        cut = new CountDownLatch(1);
        lostRequest.set(marked);
    }

    /** The next request that has this text reaches the server; before the reply all end. */
    public void cutBeforeReply(String marked) {
        cut = new CountDownLatch(1);
        lostReply.set(marked);
    }

    /** Waits until a marked request has come. */
    public void awaitCut() throws InterruptedException {
        cut.await();
    }

    private void accept() {
        while (true) {
            try {
                Socket client = server.accept();
                try {
                    var engine = new Socket(InetAddress.getLoopbackAddress(), target);
                    open.add(client);
                    open.add(engine);
                    var line = new Line();
                    thread(() -> pass(client, engine, line, true));
                    thread(() -> pass(engine, client, line, false));
                } catch (IOException e) {
                    client.close(); // The server is down.
                }
            } catch (IOException e) {
                if (server.isClosed()) {
                    return;
                }
            }
        }
    }

    private void pass(Socket from, Socket to, Line line, boolean requests) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            var buffer = new byte[65536];
            for (int length; (length = in.read(buffer)) >= 0; ) {
                held.await();
                LockSupport.parkNanos(delay);
                if (requests && has(buffer, length, lostRequest)) {
                    end();
                    return;
                }
                if (requests && has(buffer, length, lostReply)) {
                    line.endsBeforeReply = true;
                }
                if (requests && has(buffer, length, deafened)) {
                    line.deaf = true;
                }
                if (!requests && line.endsBeforeReply) {
                    end(); // The server has answered, so it has done what was asked.
                    return;
                }
                if (requests || !(deaf || line.deaf)) {
                    out.write(buffer, 0, length);
                    out.flush();
                }
            }
            held.await();
        } catch (IOException e) {
            // One side has ended.
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean has(
            byte[] buffer, int length, AtomicReference<@Nullable String> marked) {
        String text = marked.get();
        return text != null
                && new String(buffer, 0, length, StandardCharsets.ISO_8859_1).contains(text)
                && marked.compareAndSet(text, null);
    }

    private void end() {
        cut();
        cut.countDown();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void thread(Runnable task) {
        var thread = new Thread(task, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        release();
        cut();
    }
}
