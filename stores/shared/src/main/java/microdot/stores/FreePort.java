package microdot.stores;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds a port for a server that a test starts, and starts again. */
public final class FreePort {
    private FreePort() {}

    /**
     * Returns one below the ports of clients, which could take it while the server is down. The one
     * that is 10,000 above is free too: a cluster of Redis takes it.
     */
    public static int find() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(12_000, 22_000);
            if (isFree(port) && isFree(port + 10_000)) {
                return port;
            }
        }
    }

    private static boolean isFree(int port) {
        try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
