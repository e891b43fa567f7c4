package microdot.netty.limits;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;

class StreamLimitsTest {
    @Test
    void addressesOfOneIpv6NetworkCountTogether() throws Exception {
        var limits = new StreamLimits(new ServerOptions().maxStreamsPerAddress(1));
        assertTrue(limits.enter(InetAddress.getByName("2001:db8:0:1::1")));
        assertFalse(limits.enter(InetAddress.getByName("2001:db8:0:1:ffff::2")));
        assertTrue(limits.enter(InetAddress.getByName("2001:db8:0:2::1")));
        limits.leave(InetAddress.getByName("2001:db8:0:1::1"));
        assertTrue(limits.enter(InetAddress.getByName("2001:db8:0:1:ffff::2")));
        assertTrue(limits.enter(InetAddress.getLoopbackAddress()));
        assertTrue(limits.enter(InetAddress.getLoopbackAddress()));
    }
}
