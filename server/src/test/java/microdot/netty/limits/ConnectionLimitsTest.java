package microdot.netty.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.List;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;

class ConnectionLimitsTest {
    @Test
    void addressesOfOneIpv6NetworkCountTogether() throws Exception {
        var limits = new ConnectionLimits(new ServerOptions().maxConnectionsPerAddress(2));
        assertTrue(limits.enter(InetAddress.getByName("2001:db8:0:1::1")));
        assertTrue(limits.enter(InetAddress.getByName("2001:db8:0:1::2")));
        assertFalse(limits.enter(InetAddress.getByName("2001:db8:0:1:ffff::3")));
        assertTrue(limits.enter(InetAddress.getByName("2001:db8:0:2::1")));
        limits.leave(InetAddress.getByName("2001:db8:0:1::9"));
        assertTrue(limits.enter(InetAddress.getByName("2001:db8:0:1::3")));
    }

    @Test
    void loopbackIsNotCounted() throws Exception {
        var limits = new ConnectionLimits(new ServerOptions().maxConnectionsPerAddress(1));
        for (String address : List.of("127.0.0.1", "::1")) {
            assertTrue(limits.enter(InetAddress.getByName(address)));
            assertTrue(limits.enter(InetAddress.getByName(address)));
        }
        assertTrue(limits.enter(InetAddress.getByName("192.0.2.1")));
        assertFalse(limits.enter(InetAddress.getByName("192.0.2.1")));
    }

    @Test
    void trustedProxiesAreNotCounted() throws Exception {
        var options =
                new ServerOptions()
                        .maxConnectionsPerAddress(1)
                        .trustedProxies("192.0.2.0/24", "2001:db8::/32");
        var limits = new ConnectionLimits(options);
        for (String address : List.of("192.0.2.1", "2001:db8::1")) {
            assertTrue(limits.enter(InetAddress.getByName(address)));
            assertTrue(limits.enter(InetAddress.getByName(address)));
        }
        assertTrue(limits.enter(InetAddress.getByName("203.0.113.7")));
        assertFalse(limits.enter(InetAddress.getByName("203.0.113.7")));
    }

    @Test
    void defaultKeepsReserveOfTheDescriptors() {
        assertEquals(896, connections("1024"));
        assertEquals(1_048_576 - 1024, connections("1048576"));
        assertEquals(32, connections("64"));
        assertEquals(1, connections("16"));
        assertEquals(Integer.MAX_VALUE, connections("unlimited"));
        assertEquals(Integer.MAX_VALUE, OpenFileLimit.connections(List.of()));
    }

    private static int connections(String limit) {
        return OpenFileLimit.connections(
                List.of(
                        "Limit                     Soft Limit           Hard Limit           Units",
                        "Max processes             1                    1                processes",
                        "Max open files            " + limit + "              4096         files"));
    }
}
