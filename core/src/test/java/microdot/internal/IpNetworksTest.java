package microdot.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpNetworksTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "10.0.0.0/8, 9.255.255.255, false",
        "192.168.4.0/22, 192.168.7.255, true",
        "192.168.4.0/22, 192.168.8.0, false",
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
        "192.0.2.1/32, 192.0.2.2, false",
        "0.0.0.0/0, 203.0.113.9, true",
        "0.0.0.0/0, ::1, false",
        "fd00::/8, fdff::1, true",
        "fd00::/8, fc00::1, false",
        "2001:db8::/33, 2001:db8:7fff::, true",
        "2001:db8::/33, 2001:db8:8000::, false",
        "::1, ::1, true",
        "::/0, 10.0.0.1, false",
        "10.0.0.0/8, ::ffff:10.0.0.1, true",
        "::ffff:10.0.0.1, 10.0.0.1, true",
        "10.0.0.0/8, ::10.0.0.1, false"
    })
    void addressIsInsideOrOutside(String network, String address, boolean inside) {
        assertEquals(inside, IpNetworks.of(List.of(network)).contains(parsed(address)));
        assertEquals(
                inside, IpNetworks.of(List.of("198.51.100.1", network)).contains(parsed(address)));
    }

    private static InetAddress parsed(String address) {
        InetAddress parsed = IpNetworks.address(address);
        assertNotNull(parsed, address);
        return parsed;
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "255.255.255.255", "10.20.30.40", "127.0.0.1", "1.2.3.100"})
    void ipv4AddressIsReadAsItIsWritten(String text) {
        assertEquals(text, parsed(text).getHostAddress());
    }

    @Test
    void noNetworkContainsAnything() {
        IpNetworks none = IpNetworks.of(List.of());
        assertTrue(none.isEmpty());
        assertFalse(none.contains(InetAddress.getLoopbackAddress()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "1.2.3",
                "1.2.3.4.5",
                "256.1.1.1",
                "1..2.3",
                "1.2.3.",
                ".1.2.3",
                "1.2.3.4.",
                "1.2.3.0004",
                "1.2.3.00",
                "-1.2.3.4",
                "...",
                "01.2.3.4",
                "1.2.3.4 ",
                "0x7f.0.0.1",
                "2130706433",
                "1.2.3.4:80",
                "[::1]",
                "fe80::1%lo",
                "fe80::1%1",
                ":",
                ":::",
                "1:2:3:4:5:6:7:8:9",
                "12345::",
                "g::1",
                ".:1",
                "unknown",
                "_hidden",
                "::ffff:1.2.3.256",
                "١.٢.٣.٤"
            })
    void otherTextIsNoAddress(String text) {
        assertNull(IpNetworks.address(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "proxy.example",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "10.0.0.0/8/8",
                "10.0.0.0/255.0.0.0",
                "fd00::/129",
                "10.0.0.1/8",
                "fd00::1/64",
                "/8",
                ""
            })
    void malformedNetworkIsRefusedWithItsText(String text) {
        var refused =
                assertThrows(IllegalArgumentException.class, () -> IpNetworks.of(List.of(text)));
        String message = String.valueOf(refused.getMessage());
        assertTrue(message.startsWith("\"" + text + "\" (expected: "), message);
    }
}
