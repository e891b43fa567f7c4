package microdot.stores;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A network namespace for a server, with one cable to it. While the cable is cut, packets are
 * dropped and no end of a connection arrives, so that only timeouts notice.
 */
public final class NetworkNamespace implements AutoCloseable {
    private final String name;
    private final String subnet;

    private NetworkNamespace(String name, String subnet) {
        this.name = name;
        this.subnet = subnet;
    }

    /** Makes one; aborts the test where that is not allowed. */
    public static NetworkNamespace open() {
        var random = ThreadLocalRandom.current();
        String id = Integer.toHexString(random.nextInt(0x10000, 0x100000));
        String subnet = "10." + random.nextInt(200, 255) + "." + random.nextInt(256) + ".";
        var made = new NetworkNamespace("cut" + id, subnet);
        try {
            run("ip", "netns", "add", made.name);
        } catch (IOException e) {
            Assumptions.abort("network namespaces need root and ip: " + e.getMessage());
        }
        try {
            made.connect();
            return made;
        } catch (IOException e) {
            made.close();
            Assumptions.abort("network namespaces need veth and nft: " + e.getMessage());
            throw new IllegalStateException(e);
        }
    }

    private void connect() throws IOException {
        String near = name + "a";
        String far = name + "b";
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
        run("ip", "addr", "add", subnet + "1/30", "dev", near);
        run("ip", "link", "set", near, "up");
        run("ip", "-n", name, "addr", "add", address() + "/30", "dev", far);
        run("ip", "-n", name, "link", "set", far, "up");
        run("ip", "-n", name, "link", "set", "lo", "up");
        nft("add", "table", "inet", "cable");
    }

    /** The address of the server, for both sides. */
    public String address() {
        return subnet + "2";
    }

    /** Returns the command that runs a command inside. */
    public List<String> inside(List<String> command) {
        var all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(command);
        return all;
    }

    /** From now on no packet passes. */
    public void cut() throws IOException {
        chain("in", "input");
        chain("out", "output");
    }

    private void chain(String chain, String hook) throws IOException {
        String rule = "{ type filter hook " + hook + " priority 0 ; policy drop ; }";
        nft("add", "chain", "inet", "cable", chain, rule);
    }

    /** Packets pass again. */
    public void mend() throws IOException {
        nft("delete", "chain", "inet", "cable", "in");
        nft("delete", "chain", "inet", "cable", "out");
    }

    private void nft(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("nft"));
        command.addAll(Arrays.asList(arguments));
        run(inside(command).toArray(new String[0]));
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var out = process.getInputStream()) {
            String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + text.strip());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            run("ip", "netns", "del", name);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
