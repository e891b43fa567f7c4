package microdot.netty;

import microdot.netty.io.IoMode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class TlsJdkTest extends TlsContract {
    @BeforeAll
    static void switchBoringSslOff() {
        System.setProperty("microdot.boringssl", "false");
    }

    @AfterAll
    static void switchBoringSslOn() {
        System.clearProperty("microdot.boringssl");
    }

    @Override
    IoMode io() {
        return IoMode.EPOLL;
    }

    @Override
    String provider() {
        return "the JDK";
    }
}
