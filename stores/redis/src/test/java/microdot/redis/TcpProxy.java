package microdot.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** Passes bytes between a store and its Redis, until a test cuts them. */
final class TcpProxy implements AutoCloseable {
    private final ServerSocket server;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean dropRequest = new AtomicBoolean();
    private final AtomicBoolean dropReply = new AtomicBoolean();
    private final String marked;
    private volatile CountDownLatch cut = new CountDownLatch(1);

    /**
     * @param marked a text: what happens to the request that has it, the test says
     */
    TcpProxy(int target, String marked) {
        this.target = target;
        this.marked = marked;
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread(this::accept);
    }

    String uri() {
        return "redis://127.0.0.1:" + server.getLocalPort();
    }

    /** The next marked request does not reach the server; all connections end. */
    void cutBeforeRequest() {
        cut = new CountDownLatch(1);
        dropRequest.set(true);
    }

    /** The next marked request reaches the server; its reply does not come, all connections end. */
    void cutBeforeReply() {
        cut = new CountDownLatch(1);
        dropReply.set(true);
    }

    void awaitCut() throws InterruptedException {
        cut.await();
    }

    void cutAll() {
        open.forEach(TcpProxy::close);
        open.clear();
    }

    private void accept() {
        while (true) {
            try {
                Socket client = server.accept();
                Socket engine = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(client);
                open.add(engine);
                var silent = new AtomicBoolean();
                thread(() -> pass(client, engine, silent, true));
                thread(() -> pass(engine, client, silent, false));
            } catch (IOException e) {
                if (server.isClosed()) {
                    return;
                }
            }
        }
    }

    private void pass(Socket from, Socket to, AtomicBoolean silent, boolean requests) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            var buffer = new byte[65536];
            for (int length; (length = in.read(buffer)) >= 0; ) {
                boolean found =
                        requests
                                && new String(buffer, 0, length, StandardCharsets.ISO_8859_1)
                                        .contains(marked);
                if (found && dropRequest.compareAndSet(true, false)) {
                    cutAll();
                    cut.countDown();
                    return;
                }
                if (found && dropReply.compareAndSet(true, false)) {
                    silent.set(true);
                }
                if (!requests && silent.get()) {
                    cutAll(); // The server has answered, so the append is there.
                    cut.countDown();
                    return;
                }
                out.write(buffer, 0, length);
                out.flush();
            }
        } catch (IOException e) {
            // One side has ended.
        }
        close(from);
        close(to);
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
        cutAll();
    }
}
